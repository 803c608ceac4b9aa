// Puts the chat on any page: <script src="https://…/static/widget.js" defer></script>. The chat itself runs in a frame of its own origin.
// The number to call stands here and not only in the frame: when nothing of ours answers, this page is all that a person has.
// <p data-gildongmu-fallback>영사안전콜센터 <a href="tel:…">…</a></p> on the page shows until this script has come, and stays if it cannot come.
'use strict';
(() => {
  if (window.gildongmuWidget) return;
  window.gildongmuWidget = true;
  const HOTLINE = '+82-2-3210-0404';
  const AGAIN_MS = 10000;
  const PATIENCE_MS = 8000;
  const origin = new URL(document.currentScript.src).origin;
  const host = document.createElement('div');
  const root = host.attachShadow({ mode: 'closed' });
  const make = (name, css, text = '') => {
    const element = document.createElement(name);
    element.style.cssText = css;
    element.textContent = text;
    return element;
  };
  const open = make('button', 'position:fixed;right:1rem;bottom:1rem;z-index:2147483646;font:600 1rem/1 sans-serif;padding:1rem 1.2rem;border-radius:2rem;border:0;background:#0b5cab;color:#fff;cursor:pointer', '영사 상담');
  open.type = 'button';
  open.setAttribute('aria-expanded', 'false');
  const panel = make('section', 'position:fixed;right:1rem;bottom:4.75rem;z-index:2147483646;width:min(24rem,calc(100vw - 2rem));height:min(40rem,calc(100vh - 6rem));display:flex;flex-direction:column;border:1px solid #8a97a5;border-radius:.9rem;overflow:hidden;background:#fff;color:#111;font:1rem/1.5 sans-serif');
  panel.setAttribute('aria-label', '영사 상담');
  const trouble = make('p', 'margin:0;padding:1rem;background:#fff3cd;color:#5c3b00;font-weight:600', '');
  trouble.setAttribute('role', 'alert');
  const frame = make('iframe', 'flex:1;border:0;width:100%;background:#fff');
  frame.title = '영사 상담';
  frame.allow = 'geolocation; microphone';
  const line = make('p', 'margin:0;padding:.4rem .8rem;border-top:1px solid #c5ccd3;font-size:.85rem', '위험하면 전화하세요. ');
  const call = make('a', 'color:#0b5cab;font-weight:600', `영사안전콜센터 ${HOTLINE}`);
  call.href = `tel:${HOTLINE}`;
  line.append(call);
  panel.append(trouble, frame, line);

  // A script may be asked for from any page, and tells an error page of a proxy from ours, which a frame does not.
  const answers = () => new Promise((resolve) => {
    const probe = document.createElement('script');
    const end = (works) => { clearTimeout(timer); probe.remove(); resolve(works); };
    const timer = setTimeout(() => end(false), PATIENCE_MS);
    probe.onload = () => end(true);
    probe.onerror = () => end(false);
    probe.src = `${origin}/static/widget.js?${Date.now()}`;
    root.append(probe);
  });
  let looking = false;
  const look = async () => {
    if (looking || frame.src || panel.hidden) return;
    looking = true;
    const works = await answers();
    looking = false;
    frame.hidden = !works;
    trouble.hidden = works;
    if (works) frame.src = `${origin}/`;
    else {
      trouble.textContent = '지금 상담 창을 열 수 없습니다. 기다리지 말고 아래 번호로 전화하세요. 연결되면 상담 창이 열립니다.';
      setTimeout(look, AGAIN_MS);
    }
  };
  const show = (visible) => {
    panel.hidden = !visible;
    panel.style.display = visible ? 'flex' : 'none';
    open.setAttribute('aria-expanded', String(visible));
    if (visible) look();
  };
  open.addEventListener('click', () => show(panel.hidden));
  trouble.hidden = true;
  show(false);
  root.append(open, panel);
  document.body.append(host);
  for (const element of document.querySelectorAll('[data-gildongmu-fallback]')) element.hidden = true;
})();
