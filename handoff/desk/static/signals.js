// What must reach a person who is not looking: sound, the title, the truth about the connection; also the clocks and the keys.
const PULSE_LATE_MS = 6500;
const pad = (n) => String(n).padStart(2, "0");

function elapsed(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  const h = Math.floor(s / 3600);
  return h ? `${h}:${pad(Math.floor((s % 3600) / 60))}:${pad(s % 60)}` : `${pad(Math.floor(s / 60))}:${pad(s % 60)}`;
}

function ago(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return `${s}초 전`;
  if (s < 3600) return `${Math.floor(s / 60)}분 ${pad(s % 60)}초 전`;
  return s < 86400 ? `${Math.floor(s / 3600)}시간 ${Math.floor((s % 3600) / 60)}분 전` : `${Math.floor(s / 86400)}일 전`;
}

export default {
  template: `
    <div class="signals">
      <button v-if="!audible" type="button" class="small sound-off" @click="wakeSound">소리 꺼짐 · 켜기</button>
      <span class="corner" :data-state="state"><span aria-hidden="true">{{ state === 'live' ? '●' : state === 'catching_up' ? '◐' : '✕' }}</span> {{ label }}</span>
      <span class="unseen" role="status">{{ spokenState }}</span>
      <span class="unseen" role="alert">{{ spoken }}</span>
    </div>`,
  data() {
    return { state: "catching_up", label: "따라잡는 중", spokenState: "", spoken: "", audible: false };
  },
  created() {
    // Not reactive: nothing on the page depends on these.
    Object.assign(this, { offset: 0, pulseAt: 0, serverState: "catching_up", silent: 0, goodAt: Date.now(), base: document.title, alert: "", alertUntilSeen: "", flip: false });
  },
  mounted() {
    window.deskTick = () => this.clocks();
    this.timer = setInterval(() => this.tick(), 1000);
    this.listeners = [
      [document, "keydown", (e) => this.key(e)],
      [document, "pointerdown", () => this.noticed()],
      [document, "visibilitychange", () => this.tick()],
      [document, "desk:pane", (e) => this.pane(e.detail)],
    ];
    this.listeners.forEach(([target, type, handler]) => target.addEventListener(type, handler));
    const Audio = window.AudioContext || window.webkitAudioContext;
    if (Audio) {
      this.sound = Vue.markRaw(new Audio());
      this.sound.onstatechange = () => (this.audible = this.sound.state === "running");
      this.audible = this.sound.state === "running";
      if (!this.audible) this.sound.resume().catch(() => {});
    }
    this.tick();
  },
  unmounted() {
    clearInterval(this.timer);
    this.listeners.forEach(([target, type, handler]) => target.removeEventListener(type, handler));
    this.stopAlarm();
    this.sound?.close();
  },
  methods: {
    pulse(serverMs, state, silentS) {
      this.offset = serverMs - Date.now();
      this.pulseAt = Date.now();
      this.serverState = state;
      this.silent = silentS;
      if (state !== "broken") this.goodAt = Date.now();
      else this.goodAt = Date.now() - silentS * 1000;
      this.corner();
    },
    corner() {
      const connected = window.socket?.connected && Date.now() - this.pulseAt < PULSE_LATE_MS;
      const state = !this.pulseAt ? "catching_up" : connected ? this.serverState : "broken";
      const seconds = Math.max(1, Math.round((Date.now() - this.goodAt) / 1000));
      this.label = state === "live" ? "실시간" : state === "catching_up" ? "따라잡는 중" : `${seconds}초째 끊김`;
      if (state !== this.state) this.spokenState = { live: "실시간", catching_up: "따라잡는 중", broken: "연결이 끊겼습니다" }[state];
      this.state = state;
      document.body.dataset.link = state;
    },
    tick() {
      this.corner();
      this.clocks();
      const alert = this.alert || window.deskCall || this.alertUntilSeen;
      this.flip = alert ? !this.flip : false;
      const title = this.flip ? alert : this.base;
      if (document.title !== title) document.title = title;
    },
    clocks() {
      const now = Date.now() + this.offset;
      for (const el of document.querySelectorAll("[data-tick]")) {
        let text;
        if (el.dataset.tick !== "clock" && !Number.isFinite(Number(el.dataset.at ?? NaN))) text = "";
        else if (el.dataset.tick === "wait") text = elapsed(now - Number(el.dataset.at));
        else if (el.dataset.tick === "ago") text = ago(now - Number(el.dataset.at));
        else text = new Date(now).toLocaleTimeString("ko-KR", { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: el.dataset.zone });
        if (el.textContent !== text) el.textContent = text;
      }
    },
    // ringing: a life threat nobody has heard yet; chime: something urgent has just come; alert: what the title says meanwhile
    alarm(ringing, chime, alert, base, spoken) {
      this.base = base;
      this.alert = ringing ? alert : "";
      if (!ringing && chime) this.alertUntilSeen = alert;
      if (!alert) this.alertUntilSeen = "";
      if (spoken) this.spoken = spoken;
      this.ringing = ringing;
      if (ringing) this.startAlarm();
      else {
        this.stopAlarm();
        if (chime) this.play(this.tones([[660, 0, 0.16], [880, 0.2, 0.22]], 0.6), false);
      }
      document.body.dataset.alarm = ringing ? "ringing" : "quiet";
      this.flip = false;
      this.tick();
    },
    tones(notes, seconds) {
      const rate = this.sound.sampleRate;
      const buffer = this.sound.createBuffer(1, Math.ceil(rate * seconds), rate);
      const data = buffer.getChannelData(0);
      for (const [hz, start, length] of notes) {
        for (let i = 0; i < rate * length; i++) {
          const edge = Math.min(1, i / (rate * 0.01), (rate * length - i) / (rate * 0.03));
          data[Math.floor(rate * start) + i] += Math.sin((2 * Math.PI * hz * i) / rate) * edge * 0.35;
        }
      }
      return buffer;
    },
    play(buffer, loop) {
      const source = this.sound.createBufferSource();
      source.buffer = buffer;
      source.loop = loop;
      source.connect(this.sound.destination);
      source.start();
      return source;
    },
    startAlarm() {
      // A looping buffer needs no timer, which a browser would slow down in a hidden tab.
      if (!this.sound || this.alarmSource) return;
      this.alarmSource = Vue.markRaw(this.play(this.tones([[880, 0, 0.22], [660, 0.26, 0.22], [880, 0.52, 0.22], [660, 0.78, 0.3]], 2.4), true));
    },
    stopAlarm() {
      this.alarmSource?.stop();
      this.alarmSource = null;
    },
    pane(name) {
      document.body.dataset.pane = name;
      for (const tab of document.querySelectorAll("[data-tab]")) tab.setAttribute("aria-selected", String(tab.dataset.tab === name));
      window.dispatchEvent(new Event("resize")); // the map measures itself anew
    },
    wakeSound() {
      this.sound?.resume();
    },
    noticed() {
      if (this.sound && this.sound.state !== "running") this.sound.resume().catch(() => {});
      this.alertUntilSeen = "";
    },
    key(e) {
      this.noticed();
      if (e.ctrlKey || e.metaKey || e.altKey || e.isComposing || e.repeat && e.code !== "KeyJ" && e.code !== "KeyK") return;
      if (e.target.closest?.("input, textarea, select, [contenteditable=true], .leaflet-container") || document.querySelector(".q-dialog__inner")) return;
      // A quick hand presses the letter before the server has opened the menu: it is for the menu, never for the desk.
      if (window.deskMenu && performance.now() < window.deskMenu.until) {
        e.preventDefault();
        window.deskMenu.keys.push(e.code);
        return;
      }
      // By the place of the key, so that the Hangul layout does not matter.
      if (e.code === "KeyJ" || e.code === "KeyK") {
        e.preventDefault();
        document.dispatchEvent(new CustomEvent("desk:move", { detail: e.code === "KeyJ" ? 1 : -1 }));
      } else if (e.code === "Enter" || e.code === "NumpadEnter") {
        if (e.target.closest?.("button, a, [role=button], [role=tab]")) return;
        e.preventDefault();
        document.dispatchEvent(new CustomEvent("desk:enter"));
      } else if (e.code === "KeyR") {
        e.preventDefault();
        window.deskReplyWanted = performance.now();
        document.dispatchEvent(new CustomEvent("desk:reply"));
      } else {
        const button = document.querySelector(`[data-key="${e.key === "?" || (e.code === "Slash" && e.shiftKey) ? "?" : CSS.escape(e.code)}"]:not([disabled])`);
        if (button && button.offsetParent) {
          e.preventDefault();
          if (e.code === "Period") window.deskMenu = { until: performance.now() + 1500, keys: [] };
          button.click();
        }
      }
    },
  },
};
