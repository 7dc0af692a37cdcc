import type {ComponentChildren} from "preact";
import {useLayoutEffect, useRef, useState} from "preact/hooks";
import {visibleRows, type Span} from "../lib/window";

interface Properties<T> {
  label: string;
  rows: readonly T[];
  rowHeight: number;
  keyOf: (row: T) => string;
  show: (row: T) => ComponentChildren;
}

/** A list of any length, of which only what can be seen is in the document. All rows are of one height. */
export function LongList<T>({label, rows, rowHeight, keyOf, show}: Properties<T>) {
  const list = useRef<HTMLDivElement>(null);
  const [span, setSpan] = useState<Span>({from: 0, to: 0});

  useLayoutEffect(() => {
    const update = () => {
      const top = list.current?.getBoundingClientRect().top ?? 0;
      const next = visibleRows(rows.length, rowHeight, -top, window.innerHeight - top);
      setSpan(old => (old.from === next.from && old.to === next.to ? old : next));
    };
    update();
    window.addEventListener("scroll", update, {passive: true});
    window.addEventListener("resize", update);
    return () => {
      window.removeEventListener("scroll", update);
      window.removeEventListener("resize", update);
    };
  }, [rows.length, rowHeight]);

  return (
    <div ref={list} class="long-list" role="list" aria-label={label} style={{height: `${rows.length * rowHeight}px`}}>
      {rows.slice(span.from, span.to).map((row, i) => (
        <div key={keyOf(row)} class="row" role="listitem" aria-setsize={rows.length} aria-posinset={span.from + i + 1}
             style={{height: `${rowHeight}px`, top: `${(span.from + i) * rowHeight}px`}}>
          {show(row)}
        </div>
      ))}
    </div>
  );
}
