import {render} from "preact";
import {App} from "./app";
import {listenToAddress} from "./lib/address";
import "./style.css";

const place = document.getElementById("app");
if (place) {
  // Relative to where the page was loaded, not to where it leads: browsers look for the icon again and again.
  for (const link of document.querySelectorAll<HTMLLinkElement>("link[href]")) link.setAttribute("href", link.href);
  listenToAddress();
  render(<App />, place);
}
