import {useAddress} from "../lib/address";
import {SilenceForm} from "../parts/silence_form";

/** Prepared by a link: `filter`, `comment` and `author`. */
export function NewSilence() {
  const {query} = useAddress();
  const filter = query.getAll("filter").join(",");
  return (
    <>
      <h1>New silence</h1>
      <SilenceForm key={filter} filter={filter} comment={query.get("comment") ?? ""} author={query.get("author") ?? ""} />
    </>
  );
}
