import {useEffect, useRef} from "preact/hooks";
import {root} from "../lib/address";
import type {Editor} from "../editor/editor";

interface Properties {
  /** What stands there at first, and again when it changes; not what is being typed, which would be overtaken by it. */
  given: string;
  label: string;
  onChange: (text: string) => void;
  onRun: () => void;
}

/** Where an expression is written, with completion. The editor is large, so it is loaded when the first one is shown. */
export function ExpressionField(properties: Properties) {
  const place = useRef<HTMLDivElement>(null);
  const editor = useRef<Editor | null>(null);
  const latest = useRef(properties);
  latest.current = properties;

  useEffect(() => {
    let gone = false;
    void import("../editor/editor").then(({makeEditor}) => {
      if (gone || !place.current) return;
      editor.current = makeEditor(place.current, {
        text: latest.current.given,
        label: latest.current.label,
        server: root,
        onChange: text => latest.current.onChange(text),
        onRun: () => latest.current.onRun(),
      });
    });
    return () => {
      gone = true;
      editor.current?.destroy();
      editor.current = null;
    };
  }, []);

  useEffect(() => {
    if (editor.current && editor.current.text().trim() !== properties.given) editor.current.setText(properties.given);
  }, [properties.given]);

  return <div ref={place} class="expression-field" />;
}
