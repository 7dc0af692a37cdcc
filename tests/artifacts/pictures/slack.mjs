// Slack's blocks as HTML, as far as tocsin sends them: what is not known here is an error, so that no picture leaves it out.
// Source: docs.slack.dev, "Block Kit" and "Formatting message text".

const EMOJI = { red_circle: '#dd2e44', large_green_circle: '#78b159' };
const COLORS = { danger: '#a30200', good: '#2eb886' };

// Both circles where they are written as characters, which not every machine has a font for.
export const circles = (html) => html.replaceAll('🔴', emoji('red_circle')).replaceAll('🟢', emoji('large_green_circle'));

const escaped = (text) => text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);
const unescaped = (text) => text.replace(/&(amp|lt|gt);/g, (_, name) => ({ amp: '&', lt: '<', gt: '>' })[name]);

// What an object has: its values in the order of `keys`; none may be missing, and there may be no other.
function parts(what, object, keys) {
  const given = Object.keys(object).sort().join(', ');
  if (given !== [...keys].sort().join(', ')) throw new Error(`${what}: expected ${keys.join(', ')}, found ${given}`);
  return keys.map((key) => object[key]);
}

function emoji(name) {
  if (!EMOJI[name]) throw new Error(`unknown emoji :${name}:`);
  return `<svg class="emoji" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="${EMOJI[name]}"/></svg>`;
}

// "{date_short_pretty} {time}" of a time in UTC, as Slack says it to a reader for whom it is `now`, in seconds.
function date(format, seconds, now) {
  const moment = new Date(seconds * 1000);
  const inUtc = (options) => new Intl.DateTimeFormat('en-US', { timeZone: 'UTC', ...options }).format(moment);
  const days = Math.floor(now / 86400) - Math.floor(seconds / 86400);
  const day = ['today', 'yesterday'][days] ?? inUtc({ dateStyle: 'medium' });
  const text = format.replace('{date_short_pretty}', day).replace('{time}', inUtc({ timeStyle: 'short' }));
  if (text.includes('{')) throw new Error(`unknown format of a date: ${format}`);
  return text;
}

// What stands between < and >.
function angle(inside, now) {
  const time = inside.match(/^!date\^(\d+)\^([^|]*)\|(.*)$/);
  if (time) return `<span class="date">${date(time[2], Number(time[1]), now)}</span>`;
  const link = inside.match(/^(https?:[^|]*)\|(.*)$/);
  if (!link) throw new Error(`unknown markup <${inside}>`);
  return `<a href="${escaped(unescaped(link[1]))}">${escaped(unescaped(link[2]))}</a>`;
}

export function markdown(text, now) {
  const [style] = text.match(/(?<=^|\s)([_~`])\S[^\n]*?\1(?=$|[\s.,;:])/m) ?? [];
  if (style) throw new Error(`unknown markup ${style}`);
  return text.split(/(<[^>]*>|:[a-z_]+:|\*[^*\n]+\*|\n)/).map((part, i) => {
    if (i % 2 === 0) return escaped(unescaped(part));
    if (part === '\n') return '<br>';
    if (part[0] === '<') return angle(part.slice(1, -1), now);
    if (part[0] === ':') return emoji(part.slice(1, -1));
    return `<b>${escaped(unescaped(part.slice(1, -1)))}</b>`;
  }).join('');
}

function textOf(object, now) {
  const [type, text] = parts('a text', object, ['type', 'text']);
  if (type === 'plain_text') return escaped(text);
  if (type === 'mrkdwn') return markdown(text, now);
  throw new Error(`unknown type of a text: ${type}`);
}

function block(object, now) {
  switch (object.type) {
    case 'header': return `<h3>${textOf(parts('header', object, ['type', 'text'])[1], now)}</h3>`;
    case 'section': return `<p>${textOf(parts('section', object, ['type', 'text'])[1], now)}</p>`;
    case 'context': {
      const [, elements] = parts('context', object, ['type', 'elements']);
      return `<p class="context">${elements.map((element) => textOf(element, now)).join(' ')}</p>`;
    }
    default: throw new Error(`unknown block: ${object.type}`);
  }
}

// The message as it looks to a reader for whom it is `now`, in seconds.
export function message(payload, now) {
  const [username, attachments] = parts('a message', payload, ['username', 'attachments']);
  const shown = attachments.map((attachment) => {
    const [color, , blocks] = parts('an attachment', attachment, ['color', 'fallback', 'blocks']);
    return `<div class="attachment" style="border-color: ${escaped(COLORS[color] ?? color)}">`
      + `${blocks.map((each) => block(each, now)).join('')}</div>`;
  });
  return `<div class="slack"><div class="avatar">${escaped(username[0])}</div><div><b>${escaped(username)}</b> `
    + `<span class="badge">APP</span> <span class="time">${date('{time}', now, now)}</span>${shown.join('')}</div></div>`;
}
