// The citizen's side of a call: one strip above the writing box, which never covers it. Every failure says what to do, and the number to call.
'use strict';
(() => {
  const NUMBER = '+82-2-3210-0404';
  const OR_CALL = ' 글은 그대로 쓰실 수 있습니다. 급하면 아래 번호로 전화하세요.';
  const WHY = {
    insecure: '보안 연결(https)이 아니어서 이 주소에서는 통화할 수 없습니다.',
    no_webrtc: '이 브라우저에서는 통화할 수 없습니다. 크롬이나 사파리에서 이 주소를 열어 주세요.',
    denied: '마이크 사용이 거부되었습니다. 주소창의 자물쇠 → 마이크 → 허용으로 바꾸고 다시 누르세요.',
    no_device: '마이크를 찾지 못했습니다. 마이크나 이어폰을 연결하고 다시 누르세요.',
    busy_device: '마이크를 쓸 수 없습니다. 다른 앱의 통화를 끊고 다시 누르세요.',
    mic_lost: '마이크가 끊겼습니다. 마이크를 확인하고 다시 누르세요.',
    failed: '두 기기를 잇지 못했습니다. 다른 인터넷(와이파이·데이터)에서 다시 누르세요.',
    offline: '인터넷 연결이 끊겨 통화하지 못했습니다. 연결을 확인하고 다시 누르세요.',
    gone: '상대와 연결이 끊겼습니다. 다시 누르면 다시 겁니다.',
    left: '상대가 화면을 닫았습니다. 다시 누르면 다시 겁니다.',
    no_answer: '지금 받을 수 있는 상담관이 없습니다. 조금 뒤 다시 누르세요.',
    declined: '상담관이 지금 통화할 수 없습니다. 글로 답하겠습니다.',
    over: '상담이 다른 곳으로 넘어가 통화를 마쳤습니다.',
  };
  const QUIET = ['hung_up', 'withdrawn'];
  const clock = (ms) => `${Math.floor(ms / 60000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, '0')}`;

  class Call {
    constructor(channel) {
      this.voice = new Voice(() => `/webchat/v1/conversations/${channel.id}/calls`, () => ({ Authorization: `Bearer ${channel.token}` }));
      this.bell = new VoiceBell();
      this.box = document.createElement('section');
      this.box.id = 'calling';
      this.box.hidden = true;
      this.box.setAttribute('aria-label', '음성 통화');
      this.words = document.createElement('p');
      this.words.setAttribute('role', 'status');
      this.time = document.createElement('p');
      this.time.className = 'meta';
      this.row = document.createElement('div');
      this.row.className = 'replies';
      this.box.append(this.words, this.time, this.row);
      document.querySelector('footer').before(this.box);
      this.voice.addEventListener('change', () => this.draw());
      this.voice.addEventListener('silent', () => { this.needsTouch = true; this.draw(); });
      setInterval(() => this.tick(), 1000);
    }

    start() { if (!this.rung) this.voice.start(); }

    // An event of the conversation: how some call of it stands, perhaps one of another tab.
    take({ call_id: id, state, by, why }) {
      if (id === this.voice.id) { this.voice.sync(); return; }
      if (state === 'ended') {
        if (this.rung === id) { this.rung = ''; this.draw(); }
        if (this.elsewhere === id) { this.elsewhere = ''; this.draw(); }
        return;
      }
      if (state === 'answered') { this.rung = ''; if (id !== this.answering) this.elsewhere = id; this.draw(); return; }
      if (by === 'person') {
        // What is read anew when a page opens may be over in the next line.
        this.rung = id;
        setTimeout(() => this.draw(), 400);
      } else if (this.voice.state !== 'asking') this.elsewhere = id;
    }

    answer() {
      const id = this.rung;
      this.rung = '';
      this.answering = id;
      this.voice.accept(id);
    }

    // Whoever hides the page hears no bell any more and is in no call.
    silence() { this.rung = this.elsewhere = ''; this.voice.hangUp('left'); this.draw(); }

    decline() { this.voice.decline(this.rung); this.rung = ''; this.draw(); }

    button(words, name, act) {
      const node = Object.assign(document.createElement('button'), { type: 'button', className: name, textContent: words });
      node.dataset.act = name;
      node.addEventListener('click', act);
      return node;
    }

    draw() {
      const { voice } = this;
      const focused = this.box.contains(document.activeElement) && document.activeElement.dataset.act;
      const hang = () => this.button('끊기', 'hang', () => voice.hangUp());
      let words = '';
      let parts = [];
      if (voice.state === 'asking') { words = '마이크 사용을 허용해 주세요.'; parts = [hang()]; }
      else if (voice.state === 'ringing') { words = '상담관에게 전화를 걸고 있습니다. 글도 계속 쓰실 수 있습니다.'; parts = [hang()]; }
      else if (voice.state === 'joining') { words = '연결하고 있습니다…'; parts = [hang()]; }
      else if (voice.state === 'talking') {
        words = voice.unsteady ? '소리가 끊기고 있습니다. 잠시 기다려 주세요.' : this.needsTouch ? '소리 듣기를 누르세요.' : '상담관과 통화 중입니다. 녹음하지 않습니다.';
        parts = [hang(), this.button(voice.muted ? '마이크 켜기' : '마이크 끄기', 'mute', () => voice.mute(!voice.muted))];
        if (this.needsTouch) parts.push(this.button('소리 듣기', 'take', () => { this.needsTouch = false; voice.sound.play().catch(() => {}); this.draw(); }));
      } else if (this.rung) {
        words = '상담관이 전화를 걸었습니다.';
        parts = [this.button('받기', 'take', () => this.answer()), this.button('거절', 'quiet', () => this.decline())];
      } else if (this.elsewhere) words = '다른 창에서 통화 중입니다.';
      else if (voice.state === 'ended' && !QUIET.includes(voice.why)) {
        words = (voice.why === 'refused' ? voice.message : '') || WHY[voice.why] || WHY.failed;
        if (voice.why !== 'refused') words += OR_CALL;
        parts = [Object.assign(document.createElement('a'), { className: 'tel', href: `tel:${NUMBER}`, textContent: `영사안전콜센터 ${NUMBER}` }),
          this.button('닫기', 'quiet', () => { voice.state = 'idle'; this.draw(); })];
      }
      if (this.rung && !voice.live) this.bell.start(); else this.bell.stop();
      this.box.hidden = !words;
      document.getElementById('call').disabled = voice.live || Boolean(this.rung || this.elsewhere);
      if (this.words.textContent !== words) this.words.textContent = words;
      this.row.replaceChildren(...parts);
      if (focused) { const again = this.row.querySelector(`[data-act=${focused}]`); if (again) again.focus(); }
      this.tick();
    }

    tick() {
      const since = this.voice.talkingSince;
      const words = since ? clock(Date.now() - since) : '';
      if (this.time.textContent !== words) this.time.textContent = words;
    }
  }
  window.Call = Call;
})();
