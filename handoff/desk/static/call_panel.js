// A desk's calls: rings, never takes the focus, speaks through the shared voice, and says in words why a call could not be.
const WHY = {
  insecure: "보안 연결(https)이 아니어서 통화할 수 없습니다.",
  no_webrtc: "이 브라우저에서는 통화할 수 없습니다. 최신 크롬·엣지로 여세요.",
  denied: "마이크 사용이 거부되었습니다. 주소창의 자물쇠 → 마이크 → 허용으로 바꾸고 다시 누르세요.",
  no_device: "마이크를 찾지 못했습니다. 헤드셋을 연결하고 다시 누르세요.",
  busy_device: "마이크를 쓸 수 없습니다. 다른 프로그램의 통화를 끊고 다시 누르세요.",
  mic_lost: "마이크가 빠져 통화를 마쳤습니다. 헤드셋을 확인하세요.",
  failed: "두 기기를 잇지 못했습니다. 글로 잇거나, 민원인에게 +82-2-3210-0404 로 전화하도록 안내하세요.",
  offline: "서버에 닿지 않아 통화하지 못했습니다.",
  gone: "민원인과 연결이 끊겼습니다.",
  left: "민원인이 화면을 닫았습니다.",
  no_answer: "민원인이 받지 않았습니다. 민원인 화면에 부재중 전화로 남습니다.",
  declined: "민원인이 통화를 거절했습니다. 글로 이어 가세요.",
  over: "상담이 넘어가거나 끝나 통화를 마쳤습니다.",
};
const two = (n) => String(n).padStart(2, "0");

export default {
  template: `
    <section v-show="rows.length || state !== 'idle' || aim_id" class="calls-strip" aria-label="음성 통화" :data-call="state" :data-ringing="ringing.length || null">
      <span class="unseen" role="alert">{{ spoken }}</span>
      <p v-for="one in ringing" :key="one.call_id" class="ring" :data-ring="one.call_id">
        <b><span aria-hidden="true">☎</span> 음성 통화 요청 {{ one.label }}</b>
        <button type="button" class="small primary" data-action="call-accept" :data-key="one === ringing[0] ? 'KeyW' : null" @click="accept(one)">받기 <kbd v-if="one === ringing[0]" aria-hidden="true">w</kbd></button>
        <button v-if="one.own" type="button" class="small" data-action="call-decline" @click="decline(one)">지금 받을 수 없음</button>
      </p>
      <p v-if="live" class="live">
        <b>{{ words }}</b> <span class="clock">{{ clock }}</span>
        <button type="button" class="small danger" data-action="call-hang" data-key="KeyZ" @click="hang">끊기 <kbd aria-hidden="true">z</kbd></button>
        <button v-if="state === 'talking'" type="button" class="small" data-action="call-mute" :aria-pressed="String(muted)" @click="mute">{{ muted ? '마이크 켜기' : '마이크 끄기' }}</button>
      </p>
      <p v-for="one in elsewhere" :key="one.call_id" class="soft" data-elsewhere>{{ one.label }} — 다른 창에서 {{ one.state === 'answered' ? '통화 중' : '거는 중' }}입니다.</p>
      <p v-for="one in missed" :key="one.call_id" class="missed" data-missed>
        <b>부재중 통화 {{ one.clock }} {{ one.label }}</b>
        <button type="button" class="small" data-action="call-missed" @click="see(one)">상담 열기</button>
      </p>
      <p v-if="problem" class="warning" role="alert" data-call-problem>{{ problem }} <button type="button" class="small" @click="problem = ''">닫기</button></p>
      <p v-if="aim_id && !live" class="aim">
        <button type="button" class="small" data-action="call-start" data-key="KeyF" :disabled="Boolean(aim_why)" @click="start">#{{ aim_id }}에 음성 통화 걸기 <kbd aria-hidden="true">f</kbd></button>
        <span v-if="aim_why" class="soft">벨이 울리면 위험하거나 말할 수 없는 상담이라 걸지 않습니다.</span>
      </p>
    </section>`,
  props: { base: String },
  data() {
    return { rows: [], state: "idle", muted: false, unsteady: false, clock: "", problem: "", spoken: "", aim_id: 0, aim_why: "", mine: "", case_id: 0 };
  },
  computed: {
    live() { return ["asking", "ringing", "joining", "talking"].includes(this.state); },
    ringing() { return this.rows.filter((one) => one.state === "ringing" && one.by === "citizen" && one.call_id !== this.mine); },
    elsewhere() { return this.rows.filter((one) => one.call_id !== this.mine && (one.state === "answered" || (one.state === "ringing" && one.by === "agent"))); },
    missed() { return this.rows.filter((one) => one.state === "missed"); },
    words() {
      const to = `#${this.case_id}`;
      if (this.state === "asking") return "마이크 사용을 허용하세요.";
      if (this.state === "ringing") return `${to} 민원인에게 거는 중…`;
      if (this.state === "joining") return `${to} 연결하는 중…`;
      return this.unsteady ? `${to} 소리가 끊기고 있습니다` : `${to} 통화 중`;
    },
  },
  async mounted() {
    if (!window.Voice) {
      await new Promise((done) => document.head.append(Object.assign(document.createElement("script"), { src: `${this.base}/voice.js`, onload: done, onerror: done })));
    }
    if (!window.Voice) return;
    this.voice = Vue.markRaw(new window.Voice(() => this.base, () => ({})));
    this.bell = Vue.markRaw(new window.VoiceBell());
    this.voice.addEventListener("change", () => this.changed());
    this.timer = setInterval(() => this.tick(), 1000);
    this.rang();
  },
  unmounted() {
    clearInterval(this.timer);
    this.voice?.hangUp("left");
    this.bell?.stop();
    window.deskCall = "";
  },
  methods: {
    // How the calls stand in the tables: the truth for this desk, whatever it has missed.
    show(rows) {
      this.rows = rows;
      if (this.voice?.id) this.voice.sync();
      this.rang();
    },
    aim(id, why) {
      this.aim_id = id;
      this.aim_why = why;
    },
    rang() {
      const first = this.ringing[0];
      window.deskCall = first ? "☎ 음성 통화" : "";
      // Whoever speaks hears no bell in their ear; the row and the title stay.
      if (first && !this.live) this.bell?.start();
      else this.bell?.stop();
      const said = first ? `음성 통화 요청 ${first.label}` : "";
      if (said !== this.spoken) this.spoken = said;
    },
    changed() {
      const { voice } = this;
      if (voice.state === "ended") {
        this.problem = voice.why === "refused" ? voice.message || WHY.offline : WHY[voice.why] || "";
        this.state = "idle";
        this.mine = "";
      } else {
        if (voice.state === "asking") this.problem = "";
        this.state = voice.state;
        this.mine = voice.id || this.mine;
        this.case_id = voice.case_id || this.case_id;
      }
      this.muted = voice.muted;
      this.unsteady = voice.unsteady;
      this.rang();
      this.tick();
    },
    async accept(one) {
      if (this.live) {
        this.problem = "통화 중입니다. 먼저 끊고 받으세요.";
        return;
      }
      this.mine = one.call_id;
      this.case_id = one.case_id;
      await this.voice.accept(one.call_id);
      if (this.live) this.$emit("look", one.case_id);
    },
    start() {
      this.case_id = this.aim_id;
      this.voice?.start({ case_id: this.aim_id });
    },
    decline(one) { this.voice.decline(one.call_id); },
    hang() { this.voice.hangUp(); },
    mute() { this.voice.mute(!this.voice.muted); },
    see(one) {
      fetch(`${this.base}/${one.call_id}/seen`, { method: "POST" });
      this.$emit("look", one.case_id);
    },
    tick() {
      const s = this.voice?.talkingSince ? Math.floor((Date.now() - this.voice.talkingSince) / 1000) : -1;
      this.clock = s < 0 ? "" : `${Math.floor(s / 60)}:${two(s % 60)}`;
    },
  },
};
