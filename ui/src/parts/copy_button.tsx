import {useState} from "preact/hooks";

/** Copies a text, or shows it to be copied where the browser does not allow that, as it does without TLS. */
export function CopyButton({text, label}: {text: string; label: string}) {
  const [outcome, setOutcome] = useState<"" | "copied" | "by hand">("");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setOutcome("copied");
    } catch {
      setOutcome("by hand");
    }
  };
  return (
    <>
      <button type="button" onClick={() => void copy()}>{label}</button>
      <span role="status">{outcome === "copied" ? "Copied." : ""}</span>
      {outcome === "by hand" && <code class="to-copy">{text}</code>}
    </>
  );
}
