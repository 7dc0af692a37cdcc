/** "1 rule", "2 rules". */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB"];

/** "512 bytes", "1.5 GiB". */
export function formatBytes(count: number): string {
  let power = 0;
  while (power < UNITS.length - 1 && count >= 1024 ** (power + 1)) ++power;
  return `${Number((count / 1024 ** power).toFixed(1))} ${UNITS[power]}`;
}
