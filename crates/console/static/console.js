// The console's script: replaces one region of a page instead of loading the page. Every control also works without it.
'use strict';
(() => {
  const isAble = Document.parseHTML && window.AbortController && window.fetch;
  if (!isAble) return;
  document.documentElement.classList.add('script');
  const sanitizer = { removeElements: ['style', 'iframe', 'object', 'embed'], removeAttributes: ['style'] };
  const running = new Map();
  const byId = id => document.getElementById(id);
  const say = text => byId('live')?.replaceChildren(text);

  const parse = text => {
    const page = Document.parseHTML(text, { sanitizer });
    page.querySelectorAll('script').forEach(script => script.remove());
    return page;
  };

  // Fetches a page for a region. A newer request for the region ends the older one.
  const load = async (id, url, options) => {
    running.get(id)?.abort();
    const control = new AbortController();
    running.set(id, control);
    byId(id)?.setAttribute('aria-busy', 'true');
    try {
      const headers = { 'Footprint-Region': id };
      const response = await fetch(url, { ...options, headers, signal: control.signal, credentials: 'same-origin' });
      return { response, page: parse(await response.text()) };
    } catch (error) {
      if (error.name === 'AbortError') return null;
      say('The host did not answer. Check the connection, then try again.');
      return null;
    } finally {
      if (running.get(id) === control) {
        running.delete(id);
        byId(id)?.removeAttribute('aria-busy');
      }
    }
  };

  // Puts a region of the fetched page in place of the page's own.
  const show = (id, page, keepsFocus) => {
    const [old, fresh] = [byId(id), page.getElementById(id)];
    if (!old || !fresh) return false;
    const focused = old.contains(document.activeElement) ? document.activeElement.id : '';
    old.replaceWith(document.adoptNode(fresh));
    for (const template of page.querySelectorAll('template[data-oob]')) {
      byId(template.dataset.oob)?.replaceChildren(document.adoptNode(template.content));
    }
    if (page.title) document.title = page.title;
    const wanted = fresh.querySelector('[autofocus]') ?? (focused && byId(focused));
    if (wanted) wanted.focus();
    else if (!keepsFocus && id === 'main') byId(id).focus();
    return true;
  };

  const swap = async (id, url, { push = true, options = {}, form = null, button = null } = {}) => {
    const loaded = await load(id, url, options);
    if (!loaded) return;
    const { response, page } = loaded;
    const isShown = (response.ok || response.status === 422) && show(id, page, !push);
    if (isShown) {
      if (push && response.url !== location.href) history.pushState({ region: id }, '', response.url);
    } else if (!form || response.ok) {
      location.assign(form ? response.url : url);
    } else if (response.status === 401 || response.status === 403) {
      // The whole page offers to sign in and keeps what was typed.
      form.dataset.whole = '';
      form.requestSubmit(button);
    } else {
      const problem = page.querySelector('.problem p')?.textContent;
      say(problem ?? `The host answered with the status ${response.status}. Nothing that you typed is lost.`);
    }
  };

  const openDialog = async url => {
    const [dialog, loaded] = [byId('dialog'), await load('dialog', url, {})];
    const content = loaded?.response.ok && loaded.page.getElementById('main');
    if (!loaded) return;
    if (!content) return location.assign(url);
    content.querySelector('h1').id = 'dialog-title';
    content.querySelector('.crumbs')?.remove();
    dialog.replaceChildren(...document.adoptNode(content).childNodes);
    dialog.showModal();
  };

  document.addEventListener('click', event => {
    const target = event.target.closest('a[href], button');
    if (!target || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (target.dataset.copy) {
      navigator.clipboard?.writeText(byId(target.dataset.copy).textContent).then(() => say('Copied.'), () => say('The browser does not allow copying.'));
    }
    if (target.hasAttribute('data-close') && target.closest('dialog')) {
      event.preventDefault();
      target.closest('dialog').close();
    } else if (target.origin === location.origin && !target.target && target.hasAttribute('data-dialog')) {
      event.preventDefault();
      openDialog(target.href);
    } else if (target.origin === location.origin && !target.target && byId(target.dataset.region)) {
      event.preventDefault();
      swap(target.dataset.region, target.href);
    }
  });

  document.addEventListener('submit', event => {
    const [form, button] = [event.target, event.submitter];
    const id = form.dataset.region;
    if (event.defaultPrevented || !byId(id) || 'whole' in form.dataset) return;
    event.preventDefault();
    const data = new FormData(form, button);
    const url = new URL(button?.getAttribute('formaction') ?? form.getAttribute('action') ?? '', location.href);
    if (form.method === 'get') {
      url.search = new URLSearchParams(data);
      swap(id, url.href);
    } else {
      const body = form.enctype === 'multipart/form-data' ? data : new URLSearchParams(data);
      swap(id, url.href, { options: { method: 'POST', body }, form, button });
    }
  });

  document.addEventListener('change', event => {
    const input = event.target;
    if (input.dataset.all) input.form.querySelectorAll(`input[name="${CSS.escape(input.dataset.all)}"]`).forEach(one => { one.checked = input.checked; });
    else if (input.form?.hasAttribute('data-auto')) input.form.requestSubmit();
  });

  window.addEventListener('popstate', event => {
    const id = event.state?.region ?? 'main';
    byId(id) ? swap(id, location.href, { push: false }) : location.reload();
  });
})();
