// The console's script: replaces one region of a page instead of loading the page. Every control also works without it.
'use strict';
(() => {
  // A browser can keep the whole page for its Back button. The page must not keep a secret that is shown only once.
  addEventListener('pagehide', () => document.querySelectorAll('[data-once]').forEach(one => one.remove()));
  if (!Document.parseHTML || !window.AbortController) return;
  // The policy blocks the attribute `style`. Removing it here would open every `details`: its content is hidden by one.
  const sanitizer = { removeElements: ['script', 'style', 'iframe', 'object', 'embed'] };
  const running = new Map();
  const [byId, address] = [id => document.getElementById(id), () => location.pathname + location.search];
  // News are numbered. A region is behind if it was read before the last news of one of its topics.
  let [shown, isPassing, count, news, readAt] = [address(), false, 0, {}, new WeakMap()];
  const say = (text, passes = false) => (isPassing = passes, byId('live')?.replaceChildren(text));
  // Fetches a page for a region. A newer request for the region ends the older one.
  const load = async (id, url, options = {}) => {
    running.get(id)?.abort();
    const [control, since] = [new AbortController(), count];
    running.set(id, control);
    byId(id)?.setAttribute('aria-busy', 'true');
    try {
      const response = await fetch(url, { signal: control.signal, ...options, headers: { 'Footprint-Region': id } });
      const page = Object.assign(Document.parseHTML(await response.text(), { sanitizer }), { since });
      if (id !== 'live') say('');
      return { response, page };
    } catch ({ name }) {
      if (name !== 'AbortError' && id !== 'live') say('The host did not answer. Nothing that you typed is lost. Try again.');
    } finally {
      if (running.get(id) === control) (running.delete(id), byId(id)?.removeAttribute('aria-busy'));
      if (id !== 'live') setTimeout(catchUp);
    }
  };

  // Puts a region of the fetched page in place of the page's own.
  const show = (id, page, takesFocus) => {
    const [old, found] = [byId(id), page.getElementById(id)];
    if (!old || !found) return false;
    // A copy, because Chromium shows the content of closed details that were moved from a parsed document.
    const fresh = document.importNode(found, true);
    const focused = old.contains(document.activeElement) ? document.activeElement.id : '';
    const scrolled = [...old.querySelectorAll('.scroll')].map(one => [one.id, one.scrollLeft]);
    old.replaceWith(fresh);
    scrolled.forEach(([area, left]) => byId(area)?.scrollTo({ left }));
    [fresh, ...fresh.querySelectorAll('[data-live]')].forEach(one => readAt.set(one, page.since));
    page.querySelectorAll('template[data-oob]').forEach(one => byId(one.dataset.oob)?.replaceChildren(document.importNode(one.content, true)));
    const wanted = (takesFocus && fresh.querySelector('[autofocus]')) || (focused && byId(focused));
    if (wanted) wanted.focus({ preventScroll: !takesFocus });
    else if (takesFocus && id === 'main') (scrollTo(0, 0), fresh.focus({ preventScroll: true }));
    // Other rows are read from their first one.
    if (takesFocus && !fresh.querySelector('[autofocus]') && fresh.getBoundingClientRect().top < 0) fresh.scrollIntoView();
    return true;
  };

  // Notes the address, marks its page in the menu, and listens for its news.
  const arrive = () => {
    shown = address();
    const isAt = path => location.pathname === path || (!path.endsWith('/') && location.pathname.startsWith(`${path}/`));
    document.querySelectorAll('#menu a').forEach(link => { link.ariaCurrent = isAt(link.pathname) ? 'page' : null; });
    if ((stream?.readyState ?? EventSource.CLOSED) === EventSource.CLOSED) listen();
  };

  const swap = async (id, url, { isStep = true, options, form, button, at = shown } = {}) => {
    const { response, page } = (await load(id, url, options)) ?? {};
    // The user can have taken another step in the meantime.
    if (!response || (isStep ? at !== shown : url !== location.href)) return;
    if ((response.ok || response.status === 422) && show(id, page, true)) {
      document.title = page.title;
      const isElsewhere = response.url !== location.href && !(form && response.status === 422);
      if (isStep && isElsewhere) history.pushState({ region: id }, '', response.url);
      arrive();
    } else if (!form || response.ok) location.assign(form ? response.url : url);
    // The whole page offers to sign in, and keeps what was typed.
    else if ([401, 403].includes(response.status)) (form.dataset.whole = '', form.requestSubmit(button));
    else say(page.querySelector('.problem p')?.textContent ?? `The host answered with the status ${response.status}.`);
  };

  const openDialog = async url => {
    const { response, page } = (await load('dialog', url)) ?? {};
    const content = response?.ok && page.getElementById('main');
    if (!content) return response && location.assign(url);
    content.querySelector('h1').id = 'dialog-title';
    byId('dialog').replaceChildren(...document.importNode(content, true).childNodes);
    byId('dialog').showModal();
  };

  document.addEventListener('click', event => {
    const target = event.target.closest('a[href], button');
    const isChanged = event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
    if (!target || event.defaultPrevented || isChanged || target.target) return;
    let [data, isOwn, act] = [target.dataset, target.origin === location.origin, null];
    if ('copy' in data) act = () => navigator.clipboard.writeText(byId(data.copy).textContent).then(() => say('Copied.', true));
    else if ('close' in data && target.closest('dialog')) act = () => target.closest('dialog').close();
    else if ('dialog' in data && isOwn) act = () => openDialog(target.href);
    else if (byId(data.region) && isOwn) act = () => swap(data.region, target.href);
    if (act) (event.preventDefault(), act());
  });
  document.addEventListener('submit', event => {
    const [form, button] = [event.target, event.submitter];
    const id = button?.dataset.region ?? form.dataset.region;
    if (event.defaultPrevented || !byId(id) || 'whole' in form.dataset) return;
    event.preventDefault();
    const data = new FormData(form, button);
    const url = new URL(button?.getAttribute('formaction') ?? form.getAttribute('action') ?? '', location.href);
    if (form.method === 'get') return (url.search = new URLSearchParams(data), swap(id, url.href));
    const body = form.enctype === 'multipart/form-data' ? data : new URLSearchParams(data);
    swap(id, url.href, { options: { method: 'POST', body }, form, button });
  });
  document.addEventListener('change', ({ target: { dataset: { all }, form, checked } }) => {
    if (all) [...form.elements].filter(one => one.name === all).forEach(one => { one.checked = checked; });
  });
  // A step to a part of the page, such as the link past the navigation, loads nothing.
  addEventListener('popstate', ({ state }) => { if (address() !== shown) swap(state?.region ?? 'main', location.href, { isStep: false }); });
  const isBehind = one => ['all', ...one.dataset.live.split(' ')].some(topic => news[topic] > (readAt.get(one) ?? 0));
  // A region stays while a user is at work in it: a click on a button that is replaced before its release is lost.
  const isAtWork = one => one.querySelector('details[open], :focus:not(.scroll), :active')
    || (getSelection().type === 'Range' && getSelection().containsNode(one, true));
  const isQuiet = one => one.isConnected && !one.closest('[aria-busy]') && !isAtWork(one);
  // A message about news does not replace the message of a step, is told once, and passes when the page is up to date.
  const tell = text => (isPassing ? byId('live').textContent !== text : !byId('live').textContent) && say(text, true);
  let stream, timer, retry;
  const behind = () => [...document.querySelectorAll('[data-live]')].filter(isBehind);
  const catchUp = async isProbe => {
    const [wanted, at] = [behind().filter(isQuiet), shown];
    if (running.has('live') || document.hidden || !(wanted.length || isProbe)) return;
    clearTimeout(retry);
    const { response, page } = (await load('live', at, { signal: AbortSignal.timeout(30000) })) ?? {};
    if (response?.redirected) return (stop(), tell('Your session has ended. This page is not up to date. Load it again to sign in.'));
    if (at !== shown) return void setTimeout(catchUp);
    const isLater = !response || response.status === 429 || response.status >= 500;
    retry = setTimeout(catchUp, isLater ? 5000 : 0);
    if (!response?.ok) tell(`The host ${response ? 'answers with an error' : 'does not answer'}. This page is not up to date.`);
    if (!isLater) wanted.filter(isQuiet).forEach(one => (response.ok && show(one.id, page), readAt.set(one, page.since)));
    if (response?.ok && isPassing && !behind().length) say('');
  };
  const hear = (topics, isProbe) => (count += 1, topics.forEach(topic => { news[topic] = count; }), catchUp(isProbe));
  ['pointerup', 'focusout', 'toggle', 'selectionchange'].forEach(name => addEventListener(name, () => setTimeout(catchUp), true));
  // One stream of events while the tab is visible. Without it the page asks every 15 seconds.
  const stop = () => (stream?.close(), clearInterval(timer));
  const listen = () => {
    stop();
    if (document.hidden || !document.querySelector('[data-live]')) return;
    stream = new EventSource(`${document.body.dataset.base}/events`);
    stream.onmessage = event => hear(event.data.split(' '));
    stream.onerror = () => {
      if (stream.readyState === EventSource.CLOSED) timer = setInterval(hear, 15000, ['all'], true);
      (stream.onopen = () => hear(['all']), hear(['all'], true));
    };
  };
  document.addEventListener('visibilitychange', () => { document.hidden ? stop() : (listen(), hear(['all'])); });
  addEventListener('pagehide', stop), addEventListener('pageshow', listen);
})();
