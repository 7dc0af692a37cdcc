const format = new Intl.DateTimeFormat(undefined, {timeZoneName: "short"});

/** What the viewer's time zone is called at a time, in milliseconds: "CET". */
export function zoneAt(at: number): string {
  return format.formatToParts(at).find(part => part.type === "timeZoneName")?.value ?? "";
}
