import {useEffect, useErrorBoundary} from "preact/hooks";
import {href, useAddress} from "./lib/address";
import {routeOf, type Route} from "./lib/routes";
import {Alerts} from "./pages/alerts";
import {AlertPage} from "./pages/alert";
import {Collectors} from "./pages/collectors";
import {Explore} from "./pages/explore";
import {NewSilence} from "./pages/new_silence";
import {Overview} from "./pages/overview";
import {Rules} from "./pages/rules";
import {RunbookPage} from "./pages/runbook";
import {SilencePage} from "./pages/silence";
import {Silences} from "./pages/silences";
import {Status} from "./pages/status";
import {DemoBanner, LostBanner} from "./parts/banner";
import {Link} from "./parts/link";

const MENU: readonly {to: string; title: string; pages: readonly Route["page"][]}[] = [
  {to: "/", title: "Overview", pages: ["overview"]},
  {to: "/alerts", title: "Alerts", pages: ["alerts", "alert", "runbook"]},
  {to: "/rules", title: "Rules", pages: ["rules"]},
  {to: "/explore", title: "Explore", pages: ["explore"]},
  {to: "/collectors", title: "Collectors", pages: ["collectors"]},
  {to: "/silences", title: "Silences", pages: ["silences", "silence", "new-silence"]},
  {to: "/status", title: "Status", pages: ["status"]},
];

function Page({route}: {route: Route}) {
  switch (route.page) {
    case "overview": return <Overview />;
    case "alerts": return <Alerts />;
    case "alert": return <AlertPage key={route.id} id={route.id} />;
    case "rules": return <Rules />;
    case "explore": return <Explore />;
    case "collectors": return <Collectors />;
    case "silences": return <Silences />;
    case "new-silence": return <NewSilence />;
    case "silence": return <SilencePage key={route.id} id={route.id} />;
    case "runbook": return <RunbookPage key={route.id} name={route.id} />;
    case "status": return <Status />;
    case "nowhere": return <><h1>Nothing is here</h1><p><Link to="/">Overview</Link></p></>;
  }
}

/** A mistake in one page leaves the menu, and says so. */
function GuardedPage({route}: {route: Route}) {
  const [error] = useErrorBoundary();
  if (!error) return <Page route={route} />;
  return (
    <>
      <h1>This page has failed</h1>
      <p role="alert" class="problem">{String((error as Error).message)}</p>
      <p>What it would show is also on the <a href={href("/plain/")}>page without scripts</a>.</p>
    </>
  );
}

export function App() {
  const {path} = useAddress();
  const route = routeOf(path);
  const title = MENU.find(({pages}) => pages.includes(route.page))?.title;
  useEffect(() => {
    document.title = title ? `${title} · tocsin` : "tocsin";
  }, [title]);
  return (
    <>
      <a class="skip" href="#main">To the content</a>
      <header>
        <span class="brand">tocsin</span>
        <nav aria-label="Pages">
          <ul>
            {MENU.map(({to, title: text, pages}) => (
              <li key={to}><Link to={to} aria-current={pages.includes(route.page) ? "page" : undefined}>{text}</Link></li>
            ))}
          </ul>
        </nav>
      </header>
      <LostBanner />
      <DemoBanner />
      <main id="main" tabIndex={-1}><GuardedPage key={path} route={route} /></main>
    </>
  );
}
