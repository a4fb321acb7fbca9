// The operator's console: one list at a time, looked at every second.
//
// Values reach the page as text alone. A row that is still there keeps its elements, so that focus, selection and
// scroll position stay where they are.

import { words } from "./words.js";

const EVERY_MS = 1000;
const RETRY_MS = 3000;
const QUIET_MS = 150;

const element = (id) => document.getElementById(id);

// State

const state = {
  token: null,
  language: "en",
  theme: "system",
  screen: "merchants",
  search: "",
  // Where each page began, up to the one that is shown.
  pages: [""],
  next: null,
  version: null,
  view: null,
  totals: {},
  rejecting: null,
};

const word = (name, ...values) => {
  const found = words[state.language][name];
  return typeof found === "function" ? found(...values) : found;
};

// Elements

// An element with classes and children; text becomes text, whatever it contains.
function make(tag, classes, ...children) {
  const made = document.createElement(tag);
  if (classes) made.className = classes;
  made.append(...children.filter(Boolean));
  return made;
}

const mono = (text) => make("span", "mono", text);
const small = (text) => make("small", "", text);
const chip = (kind, text) => make("span", `chip ${kind}`, text);

function money(fen) {
  const yuan = new Intl.NumberFormat(state.language, { minimumFractionDigits: 2 }).format(fen / 100);
  return make("span", fen ? "money" : "money zero", yuan);
}

// The host's own calendar, never that of this machine.
const clock = (moment) => (moment ? moment.slice(11, 19) : "");

function when(moment) {
  const time = make("time", "mono", clock(moment));
  time.dateTime = moment;
  time.title = `${moment.slice(0, 10)} ${clock(moment)} UTC`;
  return time;
}

const button = (classes, name, label, key) => {
  const made = make("button", classes, word(name));
  made.type = "button";
  made.dataset.act = name;
  made.dataset.key = key;
  made.setAttribute("aria-label", label);
  return made;
};

// Screens: for each its search and its columns, with what a cell of a row shows

const screens = {
  merchants: {
    search: "searchMerchants",
    empty: "emptyMerchants",
    columns: [
      ["merchant", "main", (row) => [make("strong", "", row.name), mono(row.key), small(row.phone)]],
      ["card", "", (row) => [
        row.card ? mono(row.card.pan) : chip("warn", word("noCard")),
        row.card && small(row.card.bank),
        row.coming && coming(row.coming),
      ]],
      ["settlement", "", (row) => [chip(row.settlement === "instant" ? "good" : "plain", word(row.settlement))]],
      ["unsettled", "number", (row) => [money(row.unsettled)]],
      ["onItsWay", "number", (row) => [money(row.onItsWay)]],
      ["held", "number", (row) => [money(row.held), row.owed > 0 && make("small", "bad", word("owed"), " ", money(row.owed))]],
    ],
  },
  terminals: {
    search: "searchTerminals",
    empty: "emptyTerminals",
    columns: [
      ["terminal", "main", (row) => [make("strong", "mono", row.terminal)]],
      ["merchant", "", (row) => [mono(row.merchant)]],
      ["serial", "", (row) => [mono(row.key)]],
      ["state", "", (row) => [online(row.status)]],
      ["battery", "", (row) => [battery(row.status)]],
      ["signedIn", "", (row) => [row.status ? word(row.status.isSignedIn ? "yes" : "no") : "–"]],
    ],
  },
  reviews: {
    search: "searchReviews",
    empty: "emptyReviews",
    columns: [
      ["application", "main", (row) => [
        make("strong", "", word(subjects[row.subject.kind](row.subject))),
        mono(row.key),
        row.submissions > 1 && small(word("again", row.submissions)),
      ]],
      ["merchant", "", (row) => [row.name && make("span", "", row.name), row.merchant && mono(row.merchant)]],
      ["about", "wide", (row) => about[row.subject.kind](row.subject)],
      ["since", "", (row) => [when(row.at)]],
      ["decision", "acts", (row) => decision(row)],
    ],
  },
  inbox: {
    search: "searchInbox",
    empty: "emptyInbox",
    columns: [
      ["topic", "main", (row) => [make("strong", "", word("topics")[row.topic])]],
      ["phone", "", (row) => [mono(row.phone)]],
      ["code", "", (row) => [row.code ? make("span", "mono code", row.code) : "–"]],
      ["time", "", (row) => [when(row.at)]],
    ],
  },
  payouts: {
    search: "searchPayouts",
    empty: "emptyPayouts",
    columns: [
      ["payout", "main", (row) => [make("strong", "mono", row.key)]],
      ["merchant", "", (row) => [make("span", "", row.name), mono(row.merchant)]],
      ["state", "", (row) => [chip({ paid: "good", held: "warn", ordered: "plain" }[row.state], word(row.state))]],
      ["amount", "number", (row) => [money(row.amount)]],
      ["paidTo", "", (row) => [row.card ? mono(row.card) : "–"]],
      ["time", "", (row) => [row.at ? when(row.at) : "–"]],
    ],
  },
  alarms: {
    search: null,
    empty: "emptyAlarms",
    columns: [
      ["fault", "main", (row) => [chip(row.fault === "endedCode" ? "warn" : "bad", word(row.fault))]],
      ["device", "", (row) => [row.device ? mono(row.device) : "–"]],
      ["terminal", "", (row) => [mono(row.terminal)]],
      ["merchant", "", (row) => [mono(row.merchant)]],
      ["time", "", (row) => [when(row.at)]],
    ],
  },
};

const subjects = {
  card: (subject) => (subject.old ? "aboutCard" : "aboutFurtherCard"),
  merchant: () => "aboutMerchant",
  instant: () => "aboutInstant",
  terminal: () => "aboutTerminal",
};

const about = {
  card: (subject) => [
    make("span", "change", ...(subject.old ? [mono(subject.old), make("span", "arrow", "→")] : []), mono(subject.new.pan)),
    small(`${subject.new.holder} · ${subject.new.bank}`),
  ],
  merchant: (subject) => [
    make("span", "change", mono(subject.device), make("span", "arrow", "→"), make("span", "", subject.name)),
    small(word("reasonOf", subject.reason)),
  ],
  instant: () => [word("instant")],
  terminal: (subject) => [make("span", "", subject.name), small(word(subject.wanted))],
};

function coming(card) {
  const text = card.state === "approved" ? word("cardApproved", card.pan, clock(card.at)) : word("cardPending", card.pan);
  return chip(card.state === "approved" ? "good" : "warn", text);
}

function online(status) {
  const kind = status ? (status.isOnline ? "good" : "warn") : "plain";
  return chip(kind, word(status ? (status.isOnline ? "online" : "offline") : "neverSeen"));
}

function battery(status) {
  if (!status || status.battery === null) return "–";
  const meter = make("meter", "");
  Object.assign(meter, { min: 0, max: 100, low: 20, high: 40, optimum: 100, value: status.battery });
  return make("span", "battery", meter, `${status.battery} %`);
}

function decision(row) {
  if (row.stage === "approved") {
    const at = row.subject.kind === "card" && row.subject.new.at;
    return [chip("good", at ? word("effectiveAt", clock(at)) : word("inProgress"))];
  }
  return [
    button("strong", "approve", word("approveOf", row.key), row.key),
    button("", "reject", word("rejectOf", row.key), row.key),
  ];
}

// Drawing

function drawFrame() {
  document.documentElement.lang = state.language === "zh" ? "zh-CN" : "en";
  document.title = `posfleet ${word("console")}`;
  if (state.theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = state.theme;
  for (const place of document.querySelectorAll("[data-word]")) place.textContent = word(place.dataset.word);
  element("screens").setAttribute("aria-label", word("screens"));
  element("language").textContent = state.language === "zh" ? "EN" : "中文";
  element("language").setAttribute("aria-label", word("language"));
  element("theme").textContent = word(state.theme);
  element("theme").setAttribute("aria-label", word("theme", word(state.theme)));
  drawTabs();
  drawHead();
}

function drawTabs() {
  const bar = element("screens");
  if (!bar.children.length) {
    for (const name of Object.keys(screens)) {
      const tab = make("button", "tab", make("span", "label"), make("span", "count"));
      Object.assign(tab, { type: "button", id: `tab-${name}` });
      tab.dataset.screen = name;
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-controls", "main");
      bar.append(tab);
    }
  }
  for (const tab of bar.children) {
    const name = tab.dataset.screen;
    const isShown = name === state.screen;
    const count = state.totals[name];
    tab.firstChild.textContent = word(name);
    tab.lastChild.textContent = count === undefined ? "" : new Intl.NumberFormat(state.language).format(count);
    tab.classList.toggle("urgent", ["reviews", "alarms"].includes(name) && count > 0);
    tab.setAttribute("aria-selected", String(isShown));
    tab.tabIndex = isShown ? 0 : -1;
  }
}

function drawHead() {
  const screen = screens[state.screen];
  element("caption").textContent = word(state.screen);
  element("main").setAttribute("aria-labelledby", `tab-${state.screen}`);
  const cells = screen.columns.map(([name, kind]) => {
    const cell = make("th", kind, word(name));
    cell.scope = "col";
    return cell;
  });
  element("head").replaceChildren(make("tr", "", ...cells));
  element("rows").className = state.screen;
  element("search").parentElement.hidden = !screen.search;
  element("search").placeholder = screen.search ? word(screen.search) : "";
  element("hint").textContent = "";
}

// Brings the table to the view: rows that stay keep their elements, and cells that say the same are left alone.
function drawRows() {
  const { rows } = state.view;
  const body = element("rows");
  const known = new Map([...body.children].map((line) => [line.dataset.key, line]));
  let place = body.firstElementChild;
  for (const row of rows) {
    const line = known.get(row.key) ?? newLine(row.key);
    known.delete(row.key);
    drawLine(line, row);
    if (line === place) place = place.nextElementSibling;
    else body.insertBefore(line, place);
  }
  for (const line of known.values()) line.remove();
  element("empty").hidden = rows.length > 0;
  element("empty").textContent = word(screens[state.screen].empty);
  drawPager();
}

function newLine(key) {
  const line = make("tr", "");
  line.dataset.key = key;
  for (const [name, kind] of screens[state.screen].columns) {
    const cell = make("td", kind);
    cell.dataset.column = name;
    line.append(cell);
  }
  return line;
}

function drawLine(line, row) {
  const drawn = JSON.stringify([state.language, row]);
  if (line.drawn === drawn) return;
  line.drawn = drawn;
  screens[state.screen].columns.forEach(([name, , draw], number) => {
    const cell = line.children[number];
    const fresh = make("td", cell.className, ...[draw(row)].flat().filter(Boolean));
    if (cell.dataset.label !== word(name)) cell.dataset.label = word(name);
    if (!sameNodes(cell, fresh)) replace(cell, fresh);
  });
}

const sameNodes = (cell, fresh) =>
  cell.childNodes.length === fresh.childNodes.length &&
  [...cell.childNodes].every((node, number) => node.isEqualNode(fresh.childNodes[number]));

// Replaces what a cell holds; the focus stays on the button that does the same.
function replace(cell, fresh) {
  const focused = cell.contains(document.activeElement) ? document.activeElement.dataset.act : null;
  cell.replaceChildren(...fresh.childNodes);
  if (focused) (cell.querySelector(`[data-act="${focused}"]`) ?? element("main")).focus({ preventScroll: true });
}

function drawPager() {
  const number = state.pages.length;
  element("pager").hidden = number === 1 && !state.next;
  element("previous").disabled = number === 1;
  element("next").disabled = !state.next;
  element("page").textContent = word("page", number);
}

function drawLink(name) {
  element("link").dataset.state = name;
  if (element("link-text").textContent !== word(name)) element("link-text").textContent = word(name);
}

function note(kind, text) {
  const made = make("p", `note ${kind}`, text);
  element("notes").append(made);
  setTimeout(() => made.remove(), 6000);
}

// The server

async function ask(path, options = {}) {
  const headers = { Authorization: `Bearer ${state.token}`, "Accept-Language": state.language, ...options.headers };
  const answer = await fetch(path, { cache: "no-store", ...options, headers });
  if (answer.status === 401) throw new Locked();
  return answer;
}

class Locked extends Error {}

// Each change of what is wanted ends the look that is under way.
let looking = new AbortController();
let timer = null;

function look(after = 0) {
  clearTimeout(timer);
  looking.abort();
  looking = new AbortController();
  const { signal } = looking;
  timer = setTimeout(() => lookOnce(signal), after);
}

async function lookOnce(signal) {
  let pause = EVERY_MS;
  try {
    await fetchView(signal);
    drawLink("live");
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof Locked) return lock(word("wrongToken"));
    drawLink("lost");
    pause = RETRY_MS;
  }
  if (signal.aborted) return;
  if (document.hidden) drawLink("paused");
  else timer = setTimeout(() => lookOnce(signal), pause);
}

async function fetchView(signal) {
  const wish = new URLSearchParams({ screen: state.screen, search: state.search, after: state.pages.at(-1) });
  const headers = state.version ? { "If-None-Match": state.version } : {};
  const answer = await ask(`api/view?${wish}`, { signal, headers });
  if (answer.status === 304) return;
  if (!answer.ok) throw new Error(String(answer.status));
  const view = await answer.json();
  if (signal.aborted) return;
  Object.assign(state, { view, totals: view.totals, next: view.next ?? null, version: answer.headers.get("ETag") });
  unlock();
  drawTabs();
  drawRows();
}

async function decide(no, form) {
  const options = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(form) };
  try {
    const answer = await ask(`api/reviews/${encodeURIComponent(no)}/decision`, options);
    if (answer.ok) note("good", word(form.approve ? "approved" : "rejected", no));
    else failed((await answer.json()).message);
  } catch (error) {
    if (error instanceof Locked) return lock(word("wrongToken"));
    failed(word("lost"));
  }
  look();
}

// Says why, and gives the buttons back.
function failed(why) {
  note("bad", word("failed", why));
  for (const line of element("rows").children) delete line.drawn;
  drawRows();
}

// What the operator does

function show(screen) {
  Object.assign(state, { screen, search: "", pages: [""], next: null, version: null, view: null });
  element("search").value = "";
  element("rows").replaceChildren();
  element("empty").hidden = true;
  element("pager").hidden = true;
  history.replaceState(null, "", `#${screen}`);
  drawTabs();
  drawHead();
  element(`tab-${screen}`).scrollIntoView({ block: "nearest", inline: "center" });
  window.scrollTo(0, 0);
  look();
}

function turn(pages) {
  Object.assign(state, { pages, version: null });
  window.scrollTo(0, 0);
  look();
}

function openReject(row) {
  state.rejecting = row.key;
  element("reject-what").textContent = [word(subjects[row.subject.kind](row.subject)), row.key, row.name].filter(Boolean).join(" · ");
  element("reason").value = "";
  element("reject").showModal();
}

function lock(error) {
  clearTimeout(timer);
  looking.abort();
  sessionStorage.removeItem("token");
  element("main").hidden = true;
  element("screens").hidden = true;
  element("door").hidden = false;
  element("door-error").textContent = error;
  element("link-text").textContent = "";
  element("link").dataset.state = "locked";
  element("token").value = "";
  element("token").focus();
}

function unlock() {
  sessionStorage.setItem("token", state.token);
  element("main").hidden = false;
  element("screens").hidden = false;
  element("door").hidden = true;
}

function redraw() {
  drawFrame();
  if (state.view) drawRows();
}

function listen() {
  const bar = element("screens");
  bar.addEventListener("click", (event) => {
    const tab = event.target.closest(".tab");
    if (tab) show(tab.dataset.screen);
  });
  bar.addEventListener("keydown", (event) => {
    const names = Object.keys(screens);
    const at = names.indexOf(state.screen);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: names.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    show(names[(to + names.length) % names.length]);
    element(`tab-${state.screen}`).focus();
  });
  element("rows").addEventListener("click", (event) => {
    const act = event.target.closest("[data-act]");
    const row = act && state.view.rows.find((known) => known.key === act.dataset.key);
    if (!row) return;
    if (act.dataset.act === "reject") return openReject(row);
    act.disabled = true;
    decide(row.key, { approve: {} });
  });
  element("search").addEventListener("input", (event) => {
    Object.assign(state, { search: event.target.value.trim(), pages: [""], version: null });
    look(QUIET_MS);
  });
  element("previous").addEventListener("click", () => turn(state.pages.slice(0, -1)));
  element("next").addEventListener("click", () => turn([...state.pages, state.next]));
  element("reject").addEventListener("submit", () => {
    decide(state.rejecting, { reject: { reason: element("reason").value } });
  });
  element("reject-cancel").addEventListener("click", () => element("reject").close());
  element("door").addEventListener("submit", (event) => {
    event.preventDefault();
    state.token = element("token").value.trim();
    look();
  });
  element("language").addEventListener("click", () => {
    state.language = state.language === "zh" ? "en" : "zh";
    localStorage.setItem("language", state.language);
    redraw();
  });
  element("theme").addEventListener("click", () => {
    const names = ["system", "light", "dark"];
    state.theme = names[(names.indexOf(state.theme) + 1) % names.length];
    localStorage.setItem("theme", state.theme);
    redraw();
  });
  document.addEventListener("visibilitychange", () => document.hidden || !state.view || look());
  window.addEventListener("hashchange", begin);
}

// The link that the program printed has the token behind the `#`, where no server sees it.
function begin() {
  const hash = location.hash.slice(1);
  if (hash.startsWith("token=")) {
    state.token = decodeURIComponent(hash.slice("token=".length));
    history.replaceState(null, "", location.pathname);
  }
  state.token ??= sessionStorage.getItem("token");
  if (!state.token) return lock("");
  show(screens[hash] ? hash : state.screen);
}

state.language = localStorage.getItem("language") ?? (navigator.language.startsWith("zh") ? "zh" : "en");
state.theme = localStorage.getItem("theme") ?? "system";
drawFrame();
listen();
begin();
