import type {ComponentChildren} from "preact";
import {href} from "../lib/address";

/** A link to another page of tocsin's; opened in place, or by the browser as any other. */
export function Link({to, children, ...rest}: {to: string; children: ComponentChildren; class?: string;
                                              "aria-current"?: "page" | undefined; "aria-label"?: string}) {
  return <a href={href(to)} data-page={to} {...rest}>{children}</a>;
}

/** A link to somewhere else, if it is one that can do no harm. */
export function OutsideLink({url}: {url: string}) {
  const harmless = /^https?:\/\//.test(url);
  return harmless ? <a href={url} rel="noreferrer noopener">{url}</a> : <span>{url}</span>;
}
