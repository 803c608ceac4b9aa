// The page as a plain notebook: one tap, without asking the server, and the same words that the server sends after a reload.
'use strict';
(() => {
  const root = document.documentElement;
  // Where the server serves the notebook already, nothing is left to change but the address.
  const KEPT = 'skin=memo; path=/; max-age=15552000; samesite=lax';
  const WORDS = {
    '연결 중': '여는 중', 연결됨: '저장됨', '연결 끊김': '저장 안 됨', 준비됨: '새 메모',
    '연결이 끊겼어요. 쓰신 글은 이 기기에 있고, 연결되면 보냅니다.': '아직 저장하지 못했어요. 나중에 저장합니다.',
    '지금 위험해요': '★', '위치를 보냈습니다': '장소', '내 위치 보내기': '장소', '말할 수 없어요': '조용히', '위치를 찾고 있습니다…': '찾는 중…',
    '맞지 않거나 기한이 지났습니다. 다시 확인해 주세요.': '맞지 않습니다.', '상담관과 이야기': '더 보기', '상담관 연결': '더 보기', '네, 위험해요': '네',
  };
  const isPlain = () => root.classList.contains('plain');
  // What a status may say here; a sentence that is not known says nothing.
  window.said = (text) => (isPlain() ? WORDS[text] || '' : text);
  // What stands on a button, or a line of one's own: the same words, unless others are better.
  window.titled = (text) => (isPlain() && WORDS[text]) || text;
  window.isPlain = isPlain;
  window.disguise = () => {
    root.classList.add('plain');
    try { document.cookie = KEPT; } catch { /* until the page is closed */ }
    document.querySelectorAll('[data-plain]').forEach((node) => { node.textContent = node.dataset.plain; });
    for (const name of ['title', 'aria-label', 'placeholder', 'href']) {
      document.querySelectorAll(`[data-plain-${name}]`).forEach((node) => node.setAttribute(name, node.getAttribute(`data-plain-${name}`)));
    }
    document.title = document.querySelector('title').dataset.plain;
  };
  if (new URLSearchParams(location.search).has('plain')) history.replaceState(null, '', location.pathname);
})();
