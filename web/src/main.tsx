// The page. Each screen is one folder of `screens`; what is around them is in `frame`.
import { render, type ComponentType } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";
import { followLinks, useAddress, type Address, type Page } from "./address.ts";
import { showEverything } from "./format/visible.ts";
import { ZoneContext, type Zone } from "./format/time.ts";
import { Frame } from "./frame/frame.tsx";
import { listenToKeys } from "./frame/keys.ts";
import { RefreshContext, type Refresh } from "./frame/refresh.ts";
import { personOf, useVisitor, VisitorContext, watchSession } from "./frame/session.ts";
import { SignIn } from "./frame/sign-in.tsx";
import { store, stored } from "./frame/stored.ts";
import { forgetAnswers } from "./remembered.ts";
import { Ask } from "./screens/ask/ask.tsx";
import { Compare } from "./screens/compare/compare.tsx";
import { Home } from "./screens/home/home.tsx";
import { MapScreen } from "./screens/map/map.tsx";
import { NoSuchPage } from "./screens/no-such-page.tsx";
import { ServiceScreen } from "./screens/service/service.tsx";
import { Sql } from "./screens/sql/sql.tsx";
import { Status } from "./screens/status/status.tsx";
import { TraceScreen } from "./screens/trace/trace.tsx";
import { Traces } from "./screens/traces/traces.tsx";
import { WhyScreen } from "./screens/why/why.tsx";
import { windowOf, type Window } from "./window.ts";
import "./style/style.css";

/** What a screen is given. It reads everything else from its address. */
export interface ScreenProps {
  address: Address;
  window: Window;
}

const SCREENS: Record<Page, ComponentType<ScreenProps>> = {
  "": Home,
  traces: Traces,
  trace: TraceScreen,
  service: ServiceScreen,
  why: WhyScreen,
  map: MapScreen,
  compare: Compare,
  ask: Ask,
  sql: Sql,
  status: Status,
};

/** Screens that ask again by themselves while their window ends now. */
const LIVE: readonly (Page | null)[] = ["", "service", "status"];
const LIVE_MS = 10_000;

function App() {
  const address = useAddress();
  const window = windowOf(address);
  const visitor = useVisitor();
  const [refreshed, setRefreshed] = useState<Refresh>({ count: 0, byPerson: true });
  const [live, setLive] = useState(stored("live") !== "off");
  const again = (byPerson: boolean) => setRefreshed(({ count }) => ({ count: count + 1, byPerson }));
  const refresh = useCallback(() => again(true), []);
  const mayBeLive = window.isRelative && LIVE.includes(address.page);
  const isLive = live && mayBeLive;
  useEffect(() => {
    if (!isLive) return;
    const timer = setInterval(() => { if (!document.hidden) again(false); }, LIVE_MS);
    return () => clearInterval(timer);
  }, [isLive]);
  if (visitor === null) return null;
  if (visitor === "signed-out") return <SignIn />;
  const zone: Zone = address.params.get("tz") === "local" ? "local" : "utc";
  const Screen = address.page === null ? NoSuchPage : SCREENS[address.page];
  return (
    <VisitorContext.Provider value={visitor}>
      <ZoneContext.Provider value={zone}>
        <RefreshContext.Provider value={refreshed}>
          <Frame
            address={address} window={window} zone={zone} person={personOf(visitor)} live={mayBeLive ? live : null} refresh={refresh}
            setLive={(live) => { store("live", live ? null : "off"); setLive(live); }}
          >
            <Screen address={address} window={window} />
          </Frame>
        </RefreshContext.Provider>
      </ZoneContext.Provider>
    </VisitorContext.Provider>
  );
}

showEverything();
followLinks();
listenToKeys();
watchSession();
addEventListener("coral:signed-out", forgetAnswers);
const app = document.getElementById("app");
if (app) render(<App />, app);
