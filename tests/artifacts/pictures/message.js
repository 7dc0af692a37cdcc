// Draws a message that tocsin has sent: `window.picture` is {kind, sent, at}, the body of a request or the parts of a mail.
import * as AdaptiveCards from 'adaptivecards';
import MarkdownIt from 'markdown-it';

import { circles, message } from './slack.mjs';

const { kind, sent, at } = window.picture;
const root = document.getElementById('root');

const STYLE = `
  #root {display: inline-block; width: 760px; padding: 16px; box-sizing: border-box; background: white; color: #1d1c1d;
    font: 15px/22px Lato, "Liberation Sans", "DejaVu Sans", sans-serif}
  .slack {display: flex; gap: 10px}
  .slack .avatar {flex: none; width: 36px; height: 36px; border-radius: 6px; background: #4a154b; color: white; font-weight: bold;
    line-height: 36px; text-align: center}
  .slack .badge {background: #e8e8e8; border-radius: 2px; color: #616061; font-size: 10px; padding: 1px 3px}
  .slack .time {color: #616061; font-size: 12px}
  .slack .attachment {border-left: 4px solid; border-radius: 2px; margin-top: 6px; padding-left: 12px}
  .slack h3 {font-size: 18px; line-height: 24px; margin: 0 0 6px}
  .slack p {margin: 0 0 6px}
  .slack .context {color: #616061; font-size: 13px}
  .emoji {height: 16px; vertical-align: -3px; width: 16px}
  .slack a {color: #1264a3; text-decoration: none}
  .card {border: 1px solid #e1dfdd; border-radius: 4px; box-shadow: 0 1px 3px #0002}
  .card ul {margin: 0; padding-left: 22px}
  .card a {color: #5b5fc7; text-decoration: none}
  .head {border-bottom: 1px solid #ddd; font-size: 14px; margin-bottom: 12px; padding-bottom: 8px}
  .head span {color: #666; display: inline-block; width: 64px}
  iframe {border: 0; width: 100%}`;

// What Teams does not take from the card: fonts and colours of its light theme.
const TEAMS = {
  fontFamily: '"Segoe UI", "Liberation Sans", "DejaVu Sans", sans-serif',
  fontSizes: { small: 12, default: 14, medium: 18, large: 22, extraLarge: 26 },
  containerStyles: { default: { backgroundColor: '#ffffff', foregroundColors: {
    default: { default: '#242424', subtle: '#616161' }, attention: { default: '#c4314b', subtle: '#c4314b' },
    good: { default: '#107c41', subtle: '#107c41' } } } },
  spacing: { small: 4, default: 8, medium: 12, large: 16, extraLarge: 24, padding: 16 },
  supportsInteractivity: true,
};

function card(body) {
  const [attachment, ...more] = body.attachments;
  if (more.length || attachment.contentType !== 'application/vnd.microsoft.card.adaptive') throw new Error('not one adaptive card');
  // Of Markdown, cards know no more than this. https://learn.microsoft.com/adaptive-cards/authoring-cards/text-features
  const markdown = new MarkdownIt('zero').enable(['emphasis', 'link', 'list', 'escape', 'entity']);
  AdaptiveCards.AdaptiveCard.onProcessMarkdown = (text, result) => {
    result.outputHtml = circles(markdown.render(text));
    result.didProcess = true;
  };
  const shown = new AdaptiveCards.AdaptiveCard();
  shown.hostConfig = new AdaptiveCards.HostConfig(TEAMS);
  const context = new AdaptiveCards.SerializationContext();
  shown.parse(attachment.content, context);
  const events = Array.from({ length: context.eventCount }, (_, i) => context.getEventAt(i).message);
  if (events.length) throw new Error(`adaptivecards: ${events.join('; ')}`);
  const element = shown.render();
  element.classList.add('card');
  return element;
}

function mail({ html, ...head }) {
  const element = document.createElement('div');
  const lines = document.createElement('div');
  lines.className = 'head';
  for (const [name, value] of Object.entries(head)) {
    const line = document.createElement('div');
    const label = document.createElement('span');
    label.textContent = name;
    line.append(label, value);
    lines.append(line);
  }
  const frame = document.createElement('iframe');
  frame.srcdoc = html;
  frame.addEventListener('load', () => { frame.style.height = `${frame.contentDocument.documentElement.scrollHeight}px`; });
  element.append(lines, frame);
  return element;
}

function slack(payload) {
  const element = document.createElement('div');
  element.innerHTML = message(payload, at);
  return element;
}

const style = document.createElement('style');
style.textContent = STYLE;
document.head.append(style);
root.append({ slack, teams: card, mail }[kind](sent));
