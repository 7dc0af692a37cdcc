import {autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap} from "@codemirror/autocomplete";
import {defaultKeymap, history, historyKeymap} from "@codemirror/commands";
import {bracketMatching, HighlightStyle, syntaxHighlighting} from "@codemirror/language";
import {lintKeymap} from "@codemirror/lint";
import {EditorState, Prec} from "@codemirror/state";
import {EditorView, keymap, placeholder} from "@codemirror/view";
import {tags} from "@lezer/highlight";
import {PromQLExtension} from "@prometheus-io/codemirror-promql";

export interface Editor {
  text(): string;
  setText(text: string): void;
  destroy(): void;
}

interface Options {
  text: string;
  label: string;
  /** tocsin's address, for the names that completion offers. */
  server: string;
  onChange: (text: string) => void;
  onRun: () => void;
}

const colours = HighlightStyle.define([
  {tag: tags.keyword, color: "var(--code-keyword)"},
  {tag: tags.operatorKeyword, color: "var(--code-keyword)"},
  {tag: tags.function(tags.variableName), color: "var(--code-function)"},
  {tag: tags.string, color: "var(--code-string)"},
  {tag: tags.number, color: "var(--code-number)"},
  {tag: tags.comment, color: "var(--quiet)"},
  {tag: tags.invalid, color: "var(--critical)"},
]);

const theme = EditorView.theme({
  "&": {color: "var(--text)", backgroundColor: "var(--field)", border: "1px solid var(--border)", borderRadius: "4px"},
  "&.cm-focused": {outline: "2px solid var(--focus)"},
  ".cm-content": {fontFamily: "var(--mono)", caretColor: "var(--text)", padding: "8px 4px"},
  ".cm-cursor": {borderLeftColor: "var(--text)"},
  ".cm-placeholder": {color: "var(--quiet)"},
  ".cm-tooltip": {backgroundColor: "var(--panel)", color: "var(--text)", border: "1px solid var(--border)"},
  ".cm-tooltip-autocomplete ul li[aria-selected]": {backgroundColor: "var(--accent)", color: "var(--on-accent)"},
});

/**
 * An editor for PromQL below `place`. It stands in a shadow tree: there CodeMirror adopts its styles, which the page's
 * Content-Security-Policy allows, while a <style> element would be refused.
 */
export function makeEditor(place: HTMLElement, {text, label, server, onChange, onRun}: Options): Editor {
  const shadow = place.shadowRoot ?? place.attachShadow({mode: "open"});
  const promql = new PromQLExtension().setComplete({remote: {url: server.replace(/\/$/, ""), httpMethod: "GET"}});
  const run = {key: "Mod-Enter", run: () => (onRun(), true)};
  const runOnEnter = {key: "Enter", run: () => (onRun(), true)};
  const view = new EditorView({
    parent: shadow,
    root: shadow,
    state: EditorState.create({
      doc: text,
      extensions: [
        history(), bracketMatching(), closeBrackets(), autocompletion(), EditorView.lineWrapping,
        placeholder("Expression, such as up == 0"), syntaxHighlighting(colours), theme, promql.asExtension(),
        EditorView.contentAttributes.of({"aria-label": label}),
        // Enter takes a completion where one is offered, before it runs the query.
        Prec.highest(keymap.of([run, ...completionKeymap])),
        Prec.high(keymap.of([runOnEnter, {key: "Shift-Enter", run: each => (each.dispatch(each.state.replaceSelection("\n")), true)}])),
        keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...lintKeymap]),
        EditorView.updateListener.of(update => {
          if (update.docChanged) onChange(update.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    text: () => view.state.doc.toString(),
    setText: next => view.dispatch({changes: {from: 0, to: view.state.doc.length, insert: next}}),
    destroy: () => view.destroy(),
  };
}
