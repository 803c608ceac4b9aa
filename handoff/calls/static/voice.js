// One voice call between two browsers, for both sides: microphone, the two descriptions, and the truth about how it stands. No page parts in here.
'use strict';
(() => {
  if (window.Voice) return;
  const RING_MS = 1500;
  const JOIN_MS = 700;
  const TALK_MS = 4000;
  const GATHER_MS = 1500;
  const CONNECT_MS = 25000;
  const LOST_MS = 16000;
  const ASK_MS = 10000;

  class Voice extends EventTarget {
    // `base`: the address of the calls; `headers()`: what proves who asks.
    constructor(base, headers) {
      super();
      Object.assign(this, { base, headers, state: 'idle', why: '', id: '', muted: false, unsteady: false, after: -1, said: 0, work: Promise.resolve() });
      // A page that goes takes its end of the call with it: the other side is told at once.
      addEventListener('pagehide', () => { if (this.id) this.hangUp('left'); });
    }

    // Why this browser cannot make a call at all; empty when it can.
    static lacks() {
      if (!window.isSecureContext) return 'insecure';
      return window.RTCPeerConnection && navigator.mediaDevices && navigator.mediaDevices.getUserMedia ? '' : 'no_webrtc';
    }

    async ask(path, content, last = false) {
      const options = { method: 'POST', cache: 'no-store', keepalive: last, headers: { 'Content-Type': 'application/json', ...this.headers() }, body: JSON.stringify(content) };
      if (!last && AbortSignal.timeout) options.signal = AbortSignal.timeout(ASK_MS);
      const answer = await fetch(this.base() + path, options);
      return { ok: answer.ok, status: answer.status, body: await answer.json().catch(() => ({})) };
    }

    get live() { return ['asking', 'ringing', 'joining', 'talking'].includes(this.state); }
    become(state, why = '', message = '') { Object.assign(this, { state, why, message }); this.dispatchEvent(new Event('change')); }

    // The microphone comes first, so that nobody's bell rings for a call that cannot be.
    async open() {
      const lacks = Voice.lacks();
      if (lacks) throw lacks;
      try {
        this.mic = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true } });
      } catch (error) {
        throw { NotAllowedError: 'denied', SecurityError: 'denied', NotFoundError: 'no_device', OverconstrainedError: 'no_device' }[error.name] || 'busy_device';
      }
    }

    start(content = {}) { return this.begin('', content, true); }
    accept(id) { return this.begin(`/${id}/accept`, {}, false); }

    async begin(path, content, starter) {
      if (this.live) return;
      Object.assign(this, { starter, after: -1, said: 0, id: '', muted: false, unsteady: false, leaving: false, heardAt: Date.now() });
      this.become('asking');
      try {
        await this.open();
        const answer = await this.ask(path, content).catch(() => { throw 'offline'; });
        if (!answer.ok) { this.message = answer.body.error && answer.body.error.message; throw 'refused'; }
        Object.assign(this, { id: answer.body.call_id, key: answer.body.key, case_id: answer.body.case_id, ice: answer.body.ice, relay: answer.body.relay_only });
        // Given up while the permission was asked for.
        if (this.leaving) { this.hangUp(); return; }
        this.become(starter ? 'ringing' : 'joining');
        if (!starter) this.join();
        this.sync();
      } catch (why) {
        this.shut();
        this.become('ended', this.leaving ? 'hung_up' : typeof why === 'string' ? why : 'failed', this.message);
      }
    }

    // How the call stands, asked at its own pace and whenever an event hints at a change.
    async sync() {
      if (!this.id || this.syncing) return;
      clearTimeout(this.timer);
      this.syncing = true;
      try {
        const answer = await this.ask(`/${this.id}/sync`, { key: this.key, after: this.after });
        if (answer.ok) { this.heardAt = Date.now(); this.heard(answer.body); }
        else if (answer.status < 500 && answer.status !== 429) this.over('gone');
      } catch { /* the voices need no server; it is asked again */ }
      this.syncing = false;
      // Nothing is heard from the server for so long that it has ended the call by itself.
      if (this.id && this.state === 'ringing' && Date.now() - this.heardAt > 20000) this.over('offline');
      if (this.id) this.timer = setTimeout(() => this.sync(), { ringing: RING_MS, joining: JOIN_MS }[this.state] || TALK_MS);
    }

    heard({ state, why, signals }) {
      if (state === 'ended') { this.over(why); return; }
      if (state === 'answered' && this.state === 'ringing') { this.become('joining'); this.join(); }
      for (const signal of signals || []) {
        if (signal.n <= this.after) continue;
        this.after = signal.n;
        // One after the other: a candidate before its description would be lost.
        this.work = this.work.then(() => this.take(signal)).catch(() => this.fail());
      }
    }

    join() {
      const peer = new RTCPeerConnection({ iceServers: this.ice || [], iceTransportPolicy: this.relay ? 'relay' : 'all' });
      Object.assign(this, { peer, late: null });
      this.mic.getTracks().forEach((track) => {
        peer.addTrack(track, this.mic);
        track.onended = () => { if (this.peer === peer) this.fail('mic_lost'); };
      });
      peer.ontrack = ({ streams }) => {
        this.sound = this.sound || new Audio();
        this.sound.srcObject = streams[0];
        this.sound.play().catch(() => this.dispatchEvent(new Event('silent')));
      };
      peer.onicecandidate = ({ candidate }) => { if (candidate && this.late) this.later(candidate); };
      peer.onconnectionstatechange = () => this.connection(peer);
      this.giveUp = setTimeout(() => { if (this.peer === peer && this.state === 'joining') this.fail(); }, CONNECT_MS);
      if (this.starter) this.work = this.work.then(() => this.describe('offer')).catch(() => this.fail());
    }

    connection(peer) {
      if (this.peer !== peer) return;
      const now = peer.connectionState;
      clearTimeout(this.lost);
      if (now === 'connected') { clearTimeout(this.giveUp); this.talkingSince = this.talkingSince || Date.now(); this.unsteady = false; this.become('talking'); }
      else if (now === 'failed') this.fail();
      else if (now === 'disconnected') {
        // The way may have changed (Wi-Fi to mobile): it comes back by itself, or it does not.
        this.unsteady = true;
        this.become(this.state);
        this.lost = setTimeout(() => this.fail(), LOST_MS);
      }
    }

    async describe(kind) {
      const { peer } = this;
      await peer.setLocalDescription(kind === 'offer' ? await peer.createOffer() : await peer.createAnswer());
      await new Promise((done) => {
        const look = () => { if (peer.iceGatheringState === 'complete') done(); };
        peer.addEventListener('icegatheringstatechange', look);
        setTimeout(done, GATHER_MS);
        look();
      });
      if (this.peer !== peer) return;
      this.late = [];
      await this.tell(kind, peer.localDescription.sdp);
    }

    // What a slow relay brings after the description goes out on its own, a few at a time.
    later(candidate) {
      this.late.push(candidate.toJSON());
      if (this.late.length > 1) return;
      setTimeout(() => {
        const found = this.late.splice(0, 40);
        this.work = this.work.then(() => this.id && this.tell('ice', JSON.stringify(found))).catch(() => {});
      }, 300);
    }

    async tell(kind, body) {
      const n = this.said++;
      for (let attempt = 0; this.id; attempt += 1) {
        const answer = await this.ask(`/${this.id}/signals`, { key: this.key, n, kind, body }).catch(() => ({ status: 503 }));
        if (answer.ok) return;
        if (attempt > 4 || (answer.status < 500 && answer.status !== 429)) throw new Error(String(answer.status));
        await new Promise((done) => setTimeout(done, 500 * (attempt + 1)));
      }
    }

    async take({ kind, body }) {
      const { peer } = this;
      if (!peer) return;
      if (kind === 'ice') { for (const one of JSON.parse(body)) await peer.addIceCandidate(one).catch(() => {}); return; }
      await peer.setRemoteDescription({ type: kind, sdp: body });
      if (kind === 'offer') await this.describe('answer');
    }

    mute(on) {
      this.muted = on;
      if (this.mic) this.mic.getAudioTracks().forEach((track) => { track.enabled = !on; });
      this.become(this.state);
    }

    fail(why = 'failed') { if (this.id) { this.hangUp('failed'); this.why = why; this.become('ended', why); } }

    hangUp(why = 'hung_up') {
      const { id, key } = this;
      this.leaving = true;
      if (!id) return;
      this.ask(`/${id}/end`, { key, why }, true).catch(() => { /* it ends by itself when nothing is heard from here */ });
      this.over(why);
    }

    decline(id) { return this.ask(`/${id}/end`, { why: 'declined' }).catch(() => {}); }

    over(why) { if (!this.id) return; this.shut(); this.become('ended', why); }

    shut() {
      [this.timer, this.giveUp, this.lost].forEach(clearTimeout);
      this.id = '';
      this.talkingSince = 0;
      if (this.peer) this.peer.close();
      if (this.mic) this.mic.getTracks().forEach((track) => { track.onended = null; track.stop(); });
      if (this.sound) this.sound.srcObject = null;
      Object.assign(this, { peer: null, mic: null });
    }
  }

  // A bell until somebody answers: two tones every two seconds. Silent where the browser wants a touch first.
  class Bell {
    start() {
      const Context = window.AudioContext || window.webkitAudioContext;
      if (this.timer || !Context) return;
      this.context = this.context || new Context();
      const ring = () => {
        if (this.context.state === 'suspended') this.context.resume().catch(() => {});
        [[523, 0], [659, 0.25]].forEach(([hz, at]) => {
          const tone = this.context.createOscillator();
          const level = this.context.createGain();
          const from = this.context.currentTime + at;
          tone.frequency.value = hz;
          level.gain.setValueAtTime(0.0001, from);
          level.gain.linearRampToValueAtTime(0.25, from + 0.03);
          level.gain.linearRampToValueAtTime(0.0001, from + 0.22);
          tone.connect(level).connect(this.context.destination);
          tone.start(from);
          tone.stop(from + 0.25);
        });
      };
      ring();
      this.timer = setInterval(ring, 2000);
    }

    stop() { clearInterval(this.timer); this.timer = null; }
  }

  window.Voice = Voice;
  window.VoiceBell = Bell;
})();
