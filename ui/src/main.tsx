import {render} from "preact";
import {App} from "./app";
import {listenToAddress} from "./lib/address";
import "./style.css";

const place = document.getElementById("app");
if (place) {
  listenToAddress();
  render(<App />, place);
}
