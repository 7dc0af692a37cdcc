import {useMemo, useState} from "preact/hooks";
import {getData, postQuery} from "../lib/api";
import {setQuery, useAddress} from "../lib/address";
import {formatDuration, formatElapsed} from "../lib/durations";
import {usePolled} from "../lib/polling";
import {counted} from "../lib/words";
import type {QueryResult, Rule, RuleGroup} from "../lib/types";
import {Badge} from "../parts/badge";
import {FailingRules} from "../parts/failing_rules";
import {Waiting} from "../parts/failure";
import {Link} from "../parts/link";
import {LongList} from "../parts/long_list";
import {RULE_ROW, useRowHeight} from "../parts/row_height";
import {Age} from "../parts/time";
import {addressOfIdea, ideaOf, WhatIf} from "../parts/what_if";

const RULE_FACTS = "How long its condition must hold, how many series its expression gave at the last evaluation, and how long that took";

type Row = {key: string; group: RuleGroup; rule?: Rule};

function rowsOf(groups: readonly RuleGroup[], text: string, onlyIll: boolean): Row[] {
  const wanted = text.toLowerCase();
  return groups.flatMap(group => {
    const rules = group.rules.filter(rule =>
      (!onlyIll || rule.health === "err")
      && `${group.name} ${rule.name} ${rule.query}`.toLowerCase().includes(wanted));
    const key = `${group.file} ${group.name}`;
    return rules.length === 0 ? [] : [{key, group}, ...rules.map((rule, i) => ({key: `${key} ${i} ${rule.name}`, group, rule}))];
  });
}

/** How many samples the last evaluation of each group has written, by file and name, as tocsin's own metric has them. */
async function askSamples(signal: AbortSignal): Promise<Map<string, string>> {
  const data = await postQuery<QueryResult>("api/v1/query", {query: "tocsin_rule_group_last_evaluation_samples"}, signal);
  return new Map(data.resultType === "vector" ? data.result.map(each => [each.metric.rule_group ?? "", each.value[1]]) : []);
}

function GroupRow({group, samples}: {group: RuleGroup; samples: string | undefined}) {
  return (
    <div class="rule-group">
      <h2 class="group">{group.name} <small>{group.file}</small></h2>
      <span class="quiet">every {formatDuration(group.interval)}, evaluated <Age at={Date.parse(group.lastEvaluation)} />,
        took {formatElapsed(group.evaluationTime)}{samples === undefined ? "" : `, wrote ${samples} samples`}</span>
    </div>
  );
}

/** "for 5m, 3 series, 1.2 ms": what is missing is left out. */
function factsOf(rule: Rule): string {
  const facts = [formatElapsed(rule.evaluationTime)];
  if (rule.resultSeries !== undefined) facts.unshift(`${rule.resultSeries} series`);
  if (rule.duration) facts.unshift(`for ${formatDuration(rule.duration)}`);
  return facts.join(", ");
}

function RuleRow({rule}: {rule: Rule}) {
  const explore = `/explore?${new URLSearchParams({"g0.expr": rule.query, "g0.tab": "1"})}`;
  const whatIf = addressOfIdea({expression: rule.query, hold: formatDuration(rule.duration ?? 0), range: "6h"});
  return (
    <div class="rule-row">
      <span class="states"><Badge state={rule.health} />{rule.state && rule.state !== "inactive" && <Badge state={rule.state} />}</span>
      <Link class="name" to={explore}>{rule.name}</Link>
      <span class="since"><span title={RULE_FACTS}>{factsOf(rule)}</span>{" "}
        {rule.type === "alerting" && <Link to={whatIf} aria-label={`What if ${rule.name} were different`}>what if</Link>}</span>
      {rule.lastError
        ? <span class="summary problem">{rule.lastError}</span>
        : <code class="summary" title={rule.query}>{rule.query}</code>}
    </div>
  );
}

function Filter({text, onlyIll}: {text: string; onlyIll: boolean}) {
  const [typed, setTyped] = useState(text);
  const type = (value: string) => {
    setTyped(value);
    setQuery({q: value});
  };
  return (
    <form class="filters" role="search" onSubmit={event => event.preventDefault()}>
      <label>Name or expression
        <input type="search" value={typed} onInput={event => type(event.currentTarget.value)} />
      </label>
      <label class="inline"><input type="checkbox" checked={onlyIll}
        onChange={() => setQuery({health: onlyIll ? "" : "err"})} /> only those that fail</label>
    </form>
  );
}

/** The rules, or one that somebody imagines. */
export function Rules() {
  const idea = ideaOf(useAddress().query);
  return idea ? <WhatIf idea={idea} /> : <AllRules />;
}

/** What is evaluated, how it went and how long it took. */
function AllRules() {
  const {query} = useAddress();
  const answer = usePolled("rules", signal =>
    getData<{groups: RuleGroup[]}>("api/v1/rules", {exclude_alerts: "true"}, signal));
  const samples = usePolled("rule samples", askSamples, 15_000);
  const rowHeight = useRowHeight(RULE_ROW);
  const [text, onlyIll] = [query.get("q") ?? "", query.get("health") === "err"];
  const groups = answer.data?.groups ?? [];
  const rows = useMemo(() => rowsOf(groups, text, onlyIll), [answer.data, text, onlyIll]);
  const rules = groups.flatMap(group => group.rules);
  const failing = rules.filter(rule => rule.health === "err").length;
  return (
    <>
      <h1>Rules</h1>
      <Filter text={text} onlyIll={onlyIll} />
      <Waiting of={answer} what="the rules" />
      {answer.data && <p class="quiet">{counted(rules.length, "rule")} in {counted(groups.length, "group")}
        {failing > 0 ? `, ${failing} of them fail` : ""}.</p>}
      <FailingRules rules={rows.flatMap(({rule}) => (rule?.lastError ? [rule] : []))} />
      <LongList label="Rules" rows={rows} rowHeight={rowHeight} keyOf={row => row.key}
                show={({group, rule}) => (rule ? <RuleRow rule={rule} />
                  : <GroupRow group={group} samples={samples.data?.get(`${group.file};${group.name}`)} />)} />
    </>
  );
}
