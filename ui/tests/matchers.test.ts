import assert from "node:assert/strict";
import {test} from "node:test";
import {amtoolCommand, formatMatchers, matchersOf, matching, parseMatchers} from "../src/lib/matchers";

test("matchers are read as Alertmanager writes them", () => {
  const rows: [string, string][] = [
    ["", "{}"],
    ["{}", "{}"],
    ['{a="b"}', '{a="b"}'],
    ['{a="b", c=~"d.*",e!="f",g!~"h"}', '{a="b", c=~"d.*", e!="f", g!~"h"}'],
    ["a=b", '{a="b"}'],
    [" a = b c , d=e ", '{a="b c", d="e"}'],
    ['{a="}, \\"x\\" \\n"}', '{a="}, \\"x\\" \\n"}'],
    ['{a="b",}', '{a="b"}'],
    ['{"a b"="c"}', '{"a b"="c"}'],
    ['{a=""}', '{a=""}'],
  ];
  for (const [text, read] of rows) assert.equal(formatMatchers(parseMatchers(text)), read, text);
});

test("what is no matcher is refused", () => {
  for (const text of ["a", "{a}", '{a="b"', '{a="b" c="d"}', '{a="b"} x', "=b", '{a="']) {
    assert.throws(() => parseMatchers(text), Error, text);
  }
});

test("matchers match whole values, and missing labels as empty ones", () => {
  const labels = {alertname: "Down", job: "api"};
  const rows: [string, boolean][] = [
    ['alertname="Down"', true], ['alertname="Do"', false], ['alertname=~"Do"', false], ['alertname=~"Do.*|x"', true],
    ['job!="api"', false], ['zone=""', true], ['zone!=""', false], ['zone=~".*"', true], ['job!~"web|db"', true], ["", true],
  ];
  for (const [text, expected] of rows) assert.equal(matching(parseMatchers(text))(labels), expected, text);
});

test("patterns are read as RE2 reads them, as far as JavaScript can", () => {
  const rows: [string, boolean][] = [['alertname=~"(?i)down"', true], ['alertname=~"(?i)do"', false], ['job=~"a\\\\-b"', true]];
  for (const [text, expected] of rows) {
    assert.equal(matching(parseMatchers(text))({alertname: "Down", job: "a-b"}), expected, text);
  }
  assert.throws(() => matching(parseMatchers('a=~"("')));
});

test("the command for a shell quotes what it must", () => {
  assert.equal(amtoolCommand("http://h:1", matchersOf({alertname: "It's", a: 'b"c'}), "2h", "night work"),
    "amtool --alertmanager.url=http://h:1 silence add 'a=\"b\\\"c\"' 'alertname=\"It'\\''s\"' --duration=2h --comment='night work'");
});
