/** The web page: one document without anything from elsewhere, which calls the server by Connect's JSON as any page may. */

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { margin-bottom: 0; } h2 { margin-top: 2rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.2rem 1.5rem; }
dt { opacity: 0.7; } dd { margin: 0; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
form:not([hidden]) { display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: end; }
label { display: grid; font-size: 0.85rem; } input, button { font: inherit; padding: 0.3rem 0.5rem; }
table { border-collapse: collapse; width: 100%; margin-top: 1rem; }
th, td { text-align: left; padding: 0.3rem 0.6rem; border-bottom: 1px solid #8884; }
.error { color: #c22; }
`;

/** Runs in the browser. Texts go in by textContent only: an item's id is somebody's input. */
const script = `
const credentials = () => {
  const [token, tenant] = [sessionStorage.getItem('token'), sessionStorage.getItem('tenant')];
  return { ...(token && { authorization: 'Bearer ' + token }), ...(tenant && { 'palate-tenant': tenant }) };
};
const call = async (service, method, body) => {
  const response = await fetch('/palate.' + service + '/' + method, {
    method: 'POST', headers: { 'content-type': 'application/json', ...credentials() }, body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (response.status === 401 || response.status === 403) byId('who').hidden = false;
  if (!response.ok) throw new Error(answer.message ?? response.statusText);
  return answer;
};
const recommendation = (method, body) => call('recommendation.v1.RecommendationService', method, body);
const ingest = (method, body) => call('ingest.v1.IngestService', method, body);
const byId = (id) => document.getElementById(id);
const element = (name, text) => Object.assign(document.createElement(name), { textContent: text });

const refresh = async () => {
  const [journal, state] = await Promise.all([
    ingest('GetJournalStatus', {}), recommendation('GetStateStatus', { omitDigest: true }),
  ]);
  const facts = {
    Journal: journal.state.replace('JOURNAL_STATE_', '').toLowerCase() + ', up to sequence ' + journal.lastSequence
      + ', ' + Math.round(Number(journal.sizeBytes) / 1000).toLocaleString() + ' kB',
    State: 'at sequence ' + state.sequence + ', ' + state.lag + ' behind',
    Events: Number(state.events).toLocaleString(), Items: Number(state.items).toLocaleString(),
    Sessions: Number(state.sessions).toLocaleString(), People: Number(state.people).toLocaleString(),
  };
  byId('facts').replaceChildren(...Object.entries(facts).flatMap(([k, v]) => [element('dt', k), element('dd', v)]));
};
const guarded = (work) => async (event) => {
  event?.preventDefault();
  byId('problem').textContent = '';
  try { await work(); } catch (error) { byId('problem').textContent = error.message; }
};
const ask = async () => {
  const startedAt = performance.now();
  const { items } = await recommendation('Recommend', {
    placement: byId('placement').value, sessionId: byId('session').value, limit: 10, explain: true,
  });
  byId('took').textContent = items.length + ' items in ' + (performance.now() - startedAt).toFixed(1) + ' ms';
  byId('items').replaceChildren(...items.map((item) => {
    const row = element('tr', '');
    const why = item.reasons.map((reason) => reason.text).join('; ');
    row.append(element('td', item.itemId), element('td', item.score.toPrecision(3)), element('td', item.strategy), element('td', why));
    return row;
  }));
};
const view = async () => {
  await ingest('Publish', { events: [{
    eventId: crypto.randomUUID(), sessionId: byId('session').value, itemViewed: { itemId: byId('item').value },
  }] });
  await Promise.all([ask(), refresh()]);
};
const sayWho = async () => {
  for (const id of ['token', 'tenant']) sessionStorage.setItem(id, byId(id).value.trim());
  await refresh();
  byId('who').hidden = true;
};
byId('who').addEventListener('submit', guarded(sayWho));
byId('ask').addEventListener('submit', guarded(ask));
byId('view').addEventListener('submit', guarded(view));
guarded(refresh)();
setInterval(guarded(refresh), 5000);
`;

const body = `
<h1>Palate</h1>
<p>Typed events in, recommendations out.</p>
<p id="problem" class="error" role="alert"></p>
<form id="who" hidden>
  <label>Token <input id="token" type="password" autocomplete="off" required></label>
  <label>Tenant <input id="tenant" placeholder="the default one"></label>
  <button>Use it</button>
</form>
<h2>Status</h2>
<dl id="facts"></dl>
<h2>Try it</h2>
<form id="ask">
  <label>Placement <input id="placement" value="home" required></label>
  <label>Session <input id="session" value="console" required></label>
  <button>Recommend</button> <output id="took"></output>
</form>
<form id="view">
  <label>Item <input id="item" placeholder="13598" required></label>
  <button>This session views it</button>
</form>
<table><thead><tr><th>Item</th><th>Score</th><th>Strategy</th><th>Why</th></tr></thead><tbody id="items"></tbody></table>
`;

/** The parts that a Content-Security-Policy names by hash. */
export const pageParts = { style, script } as const;

export const page = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Palate</title><style>${style}</style></head>
<body>${body}<script type="module">${script}</script></body>
</html>
`;
