// The citizen's page: draws what the channel tells. Every word from outside is set as text, never as markup.
'use strict';
(() => {
  const $ = (id) => document.getElementById(id);
  // Should the notebook's code not have come, the page works without it, and where it is a notebook already it says nothing.
  if (!window.isPlain) {
    window.isPlain = () => document.documentElement.classList.contains('plain');
    window.said = window.titled = (text) => (isPlain() ? '' : text);
    $('plain').hidden = true;
  }
  const channel = new Channel();
  const log = $('log');
  const mine = new Map();
  const WHO = { bot: '상담봇', person: '상담관', system: '', citizen: '' };
  const OFFLINE = '연결이 끊겼어요. 쓰신 글은 이 기기에 있고, 연결되면 보냅니다.';
  // In the notebook each line goes after this time; elsewhere only where the server says so.
  const PLAIN_S = 30;
  let readTo = 0;
  let top = 0;
  let person = false;
  let emergency = false;
  let troubleSince = 0;

  const make = (name, className, text) => {
    const node = document.createElement(name);
    if (className) node.className = className;
    if (text !== undefined) node.textContent = text;
    return node;
  };
  const nearEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 160;
  const scroll = () => { log.scrollTop = log.scrollHeight; };
  const time = (iso) => new Date(iso).toLocaleTimeString('ko-KR', { hour: '2-digit', minute: '2-digit' });

  function draw(message) {
    const stay = nearEnd();
    if (message.author === 'citizen') {
      // Wiped off before its event came: it stays away alone, since a line of ours that nobody has seen yet may stand before it.
      if (channel.isHidden(message.client_id)) return;
      const drawn = mine.get(message.client_id);
      if (drawn) {
        drawn.dataset.seq = message.seq;
        mark(drawn, '✓ 받음');
        fade(drawn, message.fade_s);
        // Gone by itself before its event came: it must not come back on return.
        if (!drawn.isConnected) channel.hide([message.client_id]);
        return;
      }
    }
    const bubble = make('article', `bubble ${message.author} ${message.kind}`);
    bubble.dataset.seq = message.seq || '';
    if (WHO[message.author] && !isPlain()) bubble.append(make('p', 'who', WHO[message.author]));
    const words = message.text || titled(message.location ? '위치를 보냈습니다' : message.kind === 'danger' ? '지금 위험해요' : '');
    (message.author === 'citizen' ? [words] : words.split('\n')).filter(Boolean).forEach((line) => bubble.append(make('p', '', line)));
    if (message.source) bubble.append(source(message.source));
    const replies = make('div', 'replies');
    (message.phones || []).forEach((phone) => {
      const call = make('a', 'tel', isPlain() ? phone.number : `${phone.label} ${phone.number}`);
      call.href = `tel:${phone.number}`;
      replies.append(call);
    });
    if (message.file) replies.append(opened(message.file));
    if (message.location_url) replies.append(button(titled('내 위치 보내기'), () => $('placing').showModal()));
    (message.buttons || []).forEach((b) => replies.append(button(titled(b.title), () => {
      say(titled(b.title), b.payload);
      if (message.kind === 'danger_question') replies.querySelectorAll('button').forEach((node) => { node.disabled = true; });
    })));
    if (replies.childElementCount) bubble.append(replies);
    const meta = make('div', 'meta', message.created_at ? time(message.created_at) : '');
    bubble.append(meta);
    log.append(bubble);
    if (message.author === 'citizen' && message.client_id) mine.set(message.client_id, bubble);
    if (!bubble.dataset.fades) fade(bubble, message.fade_s || (isPlain() ? PLAIN_S : 0));
    if (stay || message.author === 'citizen' || message.kind === 'crisis') scroll();
    return bubble;
  }

  function source(card) {
    const node = make(card.url ? 'a' : 'div', 'source');
    if (card.url && /^https?:\/\//.test(card.url)) { node.href = card.url; node.target = '_blank'; node.rel = 'noopener noreferrer'; }
    node.append(make('b', '', card.title));
    if (card.test_only) node.append(make('span', 'trial', '시험용'), ' ');
    node.append([card.effective_from && `${card.effective_from} 시행`, card.source, card.past && '지난 안내'].filter(Boolean).join(' · '));
    return node;
  }

  function opened(file) {
    const node = make('a', 'tel', file.kind === 'image' ? '사진 열기' : `파일 받기 ${file.name}`);
    node.href = file.url;
    node.target = '_blank';
    node.rel = 'noopener noreferrer';
    return node;
  }

  function button(title, action) {
    const node = make('button', '', title);
    node.type = 'button';
    node.addEventListener('click', action);
    return node;
  }

  function mark(bubble, words) {
    const meta = bubble.querySelector('.meta');
    meta.textContent = isPlain() ? words.split(' ')[0] : words;
  }

  const tell = (text) => { $('status').textContent = said(text); };

  // A line goes when its time is over. The time begins when somebody can see it: what comes onto a dark screen is still there when it is lit.
  function fade(bubble, seconds) {
    if (!seconds || bubble.dataset.fades) return;
    bubble.dataset.fades = seconds;
    const begin = () => setTimeout(() => bubble.remove(), seconds * 1000);
    if (document.hidden) document.addEventListener('visibilitychange', begin, { once: true }); else begin();
  }
  const lines = () => log.querySelectorAll('.bubble[data-seq]');
  function clear() {
    lines().forEach((bubble) => bubble.remove());
    tell('');
    channel.hide([...channel.queue.map((entry) => entry.client_id), ...[...mine].filter(([, { dataset }]) => !dataset.seq || dataset.seq > top).map(([id]) => id)]);
    if (top) channel.wipeOff(top);
  }
  $('clear').addEventListener('click', clear);
  $('plain').addEventListener('click', () => {
    silence();
    disguise();
    clear();
    $('link').textContent = said($('link').dataset.state === 'live' ? '연결됨' : '연결 끊김');
  });

  function say(text, choice) {
    channel.send(choice ? { text, choice } : { text });
  }

  channel.addEventListener('queued', ({ detail }) => {
    if (channel.isHidden(detail.client_id)) return;
    const bubble = draw({ author: 'citizen', kind: detail.danger ? 'danger' : 'text', text: detail.text || '', location: detail.location, client_id: detail.client_id });
    mark(bubble, '○ 보내는 중');
  });
  channel.addEventListener('kept', ({ detail }) => { const b = mine.get(detail.client_id); if (b) mark(b, '◔ 이 기기에 보관'); });
  channel.addEventListener('received', ({ detail }) => { const b = mine.get(detail.client_id); if (b) { b.dataset.seq = detail.sequence; mark(b, '✓ 받음'); } });
  channel.addEventListener('refused', ({ detail }) => { const b = mine.get(detail.client_id); if (b) mark(b, `✕ ${detail.message || '보내지 못했습니다'}`); });
  channel.addEventListener('renewed', () => { tell('새 대화로 이어집니다.'); });
  channel.addEventListener('event', ({ detail }) => {
    if (detail.kind === 'message') {
      const { message } = detail;
      top = Math.max(top, message.seq);
      draw(message);
      if (message.kind === 'crisis') { emergency = true; $('call').hidden = false; }
      if (message.author !== 'citizen') {
        readTo = Math.max(readTo, message.seq);
        typed();
        if (document.hidden) channel.delivered(readTo); else channel.read(readTo);
      }
    } else if (detail.kind === 'owner') {
      person = detail.owner === 'agent';
      $('call').hidden = !person && !emergency;
      tell(detail.owner === 'agent' ? '상담관이 연결되었습니다.' : '상담봇이 이어받았습니다.');
    } else if (detail.kind === 'cleared') lines().forEach((bubble) => { if (bubble.dataset.seq && Number(bubble.dataset.seq) <= detail.cleared_seq) bubble.remove(); });
    else if (detail.kind === 'fading') lines().forEach((bubble) => fade(bubble, detail.fade_s));
    else if (detail.kind === 'call') {
      if (isPlain()) return;  // a notebook neither rings nor tells of calls
      if (detail.state === 'ended') draw({ author: 'system', kind: 'call', text: called(detail), created_at: detail.at, seq: top });
      if (detail.state !== 'ended' || calls) calling().then((call) => call && call.take(detail));
    } else if (detail.kind === 'closed') tell('상담이 종료되었습니다. 다시 쓰시면 새 대화가 시작됩니다.');
    else if (detail.kind === 'read' && detail.by === 'person') {
      mine.forEach((bubble) => { if (bubble.dataset.seq && Number(bubble.dataset.seq) <= detail.read_seq) mark(bubble, '✓✓ 읽음'); });
    }
  });
  // Calls: their code comes only when one begins.
  let calls = null;
  let talk = null;
  const silence = () => { if (talk) talk.silence(); };
  const called = ({ by, answered }) => (answered ? '음성 통화를 마쳤습니다.'
    : by === 'person' ? '상담관의 부재중 전화' : '음성 통화가 연결되지 않았습니다. 급하면 +82-2-3210-0404 로 전화하세요.');
  const loaded = (name, parts) => new Promise((done, fail) => { document.head.append(Object.assign(document.createElement(name), parts, { onload: done, onerror: fail })); });
  function calling() {
    calls = calls || (async () => {
      await loaded('link', { rel: 'stylesheet', href: '/static/call.css' });
      await loaded('script', { src: '/webchat/v1/voice.js' });
      await loaded('script', { src: '/static/call.js' });
      talk = new Call(channel);
      return talk;
    })().catch(() => { calls = null; $('hotline').hidden = false; return null; });
    // It may have become a notebook while the code was on its way.
    return calls.then((call) => (isPlain() ? null : call));
  }
  $('call').addEventListener('click', () => calling().then((call) => call && call.start()));
  // A person is writing: said while it is true, gone when the words come or six seconds pass.
  const TYPES = '상담관이 입력 중…';
  let typingEnds = 0;
  function typed() { clearTimeout(typingEnds); if ($('status').textContent && $('status').textContent === said(TYPES)) $('status').textContent = ''; }
  channel.addEventListener('typing', () => { typed(); tell(TYPES); typingEnds = setTimeout(typed, 6000); });
  channel.addEventListener('online', () => {
    troubleSince = 0;
    $('link').dataset.state = 'live';
    $('link').textContent = said('연결됨');
    $('hotline').hidden = true;
    if ($('status').textContent === said(OFFLINE)) $('status').textContent = '';
  });
  channel.addEventListener('trouble', () => {
    troubleSince = troubleSince || Date.now();
    $('link').dataset.state = 'off';
    $('link').textContent = said('연결 끊김');
    tell(OFFLINE);
    $('hotline').hidden = false;
  });
  document.addEventListener('visibilitychange', () => { if (!document.hidden && readTo) channel.read(readTo); });

  // Enter while a syllable is being composed sends once, after the composition has ended.
  const text = $('text');
  let composing = false;
  let sendAfter = false;
  function submit() {
    const words = text.value.trim();
    if (!words) return;
    text.value = '';
    grow();
    say(words);
  }
  function grow() { text.rows = Math.min(5, text.value.split('\n').length); }
  text.addEventListener('input', () => { grow(); if (person && text.value) channel.typing(); });
  text.addEventListener('compositionstart', () => { composing = true; });
  text.addEventListener('compositionend', () => {
    composing = false;
    if (sendAfter) { sendAfter = false; setTimeout(submit, 0); }
  });
  text.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' && event.keyCode !== 13) return;
    if (event.shiftKey) return;
    // In Safari an Enter that has ended a composition comes after it, with code 229: there is nothing left to wait for.
    if (composing || event.isComposing) { sendAfter = true; return; }
    event.preventDefault();
    submit();
  });
  $('form').addEventListener('submit', (event) => { event.preventDefault(); if (composing) { sendAfter = true; text.blur(); text.focus(); } else submit(); });
  document.querySelectorAll('[data-say]').forEach((node) => node.addEventListener('click', () => say(node.dataset.say, node.dataset.choice)));

  // Danger: one tap, nothing asked first.
  $('danger').addEventListener('click', () => {
    channel.send({ danger: true, text: text.value.trim() });
    text.value = '';
    $('status').textContent = '';
  });

  // Cannot speak or hear: a person is asked for, who writes and makes the calls. What stands in the box stays there.
  $('mute').addEventListener('click', () => {
    say(titled('말할 수 없어요'), 'cannot_speak');
    tell('글로만 이야기합니다. 필요한 전화는 연결된 상담관에게 부탁하세요.');
  });

  // A place: by the browser where it may, else in words.
  const placing = $('placing');
  const PLACE_ERRORS = {
    1: '위치 사용이 거부되었습니다. 브라우저 주소창의 자물쇠 → 위치 → 허용으로 바꾸거나, 아래에 장소를 적어 주세요.',
    2: '휴대전화가 위치를 찾지 못했습니다. 위치(GPS)를 켜고 창가로 가서 다시 누르거나, 아래에 장소를 적어 주세요.',
    3: '위치를 찾는 데 너무 오래 걸립니다. 다시 누르거나, 아래에 장소를 적어 주세요.',
  };
  $('place').addEventListener('click', () => placing.showModal());
  $('placing-close').addEventListener('click', () => placing.close());
  const able = window.isSecureContext && 'geolocation' in navigator;
  $('insecure').hidden = able;
  $('gps').hidden = !able;
  $('gps').addEventListener('click', () => {
    $('placing-status').textContent = said('위치를 찾고 있습니다…');
    navigator.geolocation.getCurrentPosition((fix) => {
      channel.send({ choice: isPlain() ? 'plain' : undefined, location: { lat: fix.coords.latitude, lon: fix.coords.longitude, accuracy_m: fix.coords.accuracy, fixed_at: new Date(fix.timestamp).toISOString() } });
      $('placing-status').textContent = '';
      placing.close();
    }, (error) => { $('placing-status').textContent = isPlain() ? '찾지 못했습니다. 아래에 적어 주세요.' : PLACE_ERRORS[error.code] || PLACE_ERRORS[2]; }, { enableHighAccuracy: true, timeout: 20000, maximumAge: 10000 });
  });
  $('typed').addEventListener('submit', (event) => {
    event.preventDefault();
    const words = $('address').value.trim();
    if (!words) return;
    say(isPlain() ? `장소: ${words}` : `제가 있는 곳: ${words}`);
    $('address').value = '';
    placing.close();
  });

  // The way back to a history that is not shown stands on every page, so that it tells nobody that there is one.
  $('earlier').addEventListener('click', () => { $('before').hidden = !$('before').hidden; if (!$('before').hidden) $('proof').focus(); });
  channel.addEventListener('again', () => {
    mine.clear();
    log.querySelectorAll('.bubble[data-seq]').forEach((node) => node.remove());
  });
  $('before').addEventListener('submit', async (event) => {
    event.preventDefault();
    const words = $('proof').value.trim();
    if (!words) return;
    $('proof').value = '';
    tell(await channel.prove(words).catch(() => OFFLINE));
    $('before').hidden = !$('status').textContent;
  });

  let files = null;
  addEventListener('leaving', () => { silence(); if (files) files.wipe(); channel.wipe(); });

  // From here on the buttons work: the number that stands there for a page without its code goes.
  $('hotline').hidden = true;
  document.documentElement.classList.add('ready');
  channel.queue.forEach((entry) => channel.tell('queued', entry));
  channel.flush();
  channel.follow();
  if (!channel.id) { $('link').dataset.state = 'live'; $('link').textContent = said('준비됨'); }

  // Pictures come last: should their code not have come, words and danger go all the same.
  if (!window.Files) { $('attach').hidden = true; return; }
  files = new Files(channel);
  $('attach').addEventListener('click', () => $('file').click());
  $('file').addEventListener('change', () => { [...$('file').files].forEach((file) => files.add(file)); $('file').value = ''; });
  channel.addEventListener('removed', ({ detail }) => { const b = mine.get(detail.client_id); if (b) b.remove(); });
})();
