import {useEffect, useState} from "preact/hooks";

const NARROW = "(max-width: 700px)";

/** How high a row of a long list is, in pixels; on a phone its parts stand below one another. */
export interface Heights {
  wide: number;
  narrow: number;
}

export const ALERT_ROW: Heights = {wide: 60, narrow: 112};
export const RULE_ROW: Heights = {wide: 38, narrow: 112};
export const OTHER_ROW: Heights = {wide: 38, narrow: 90};

export function useRowHeight({wide, narrow}: Heights): number {
  const [isNarrow, setIsNarrow] = useState(() => matchMedia(NARROW).matches);
  useEffect(() => {
    const query = matchMedia(NARROW);
    const update = () => setIsNarrow(query.matches);
    query.addEventListener("change", update);
    return () => query.removeEventListener("change", update);
  }, []);
  return isNarrow ? narrow : wide;
}
