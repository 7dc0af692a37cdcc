import {useEffect, useState} from "preact/hooks";

const NARROW = "(max-width: 700px)";
const HEIGHT = {wide: 60, narrow: 112};

function current(): number {
  return matchMedia(NARROW).matches ? HEIGHT.narrow : HEIGHT.wide;
}

/** How high a row of a long list is, in pixels: on a phone its parts stand below one another. */
export function useRowHeight(): number {
  const [height, setHeight] = useState(current);
  useEffect(() => {
    const narrow = matchMedia(NARROW);
    const update = () => setHeight(current());
    narrow.addEventListener("change", update);
    return () => narrow.removeEventListener("change", update);
  }, []);
  return height;
}
