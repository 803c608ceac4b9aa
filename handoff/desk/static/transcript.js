// The conversation's lines. What people wrote is interpolated as text; a link is only ever our own source card's, checked on the server.
const STATES = { kept: "○ 보냄", delivered: "✓ 전달됨", read: "✓✓ 민원인 읽음", failed: "✕ 전달하지 못함", withheld: "✕ 이 채널이 읽을 수 있는 말이라 보내지 않고, 다른 연락 방법만 알렸습니다(다른 사람이 휴대전화를 볼 수 있는 상담이면 그것도 알리지 않았습니다)" };

export default {
  template: `
    <div class="transcript" role="log" aria-label="대화 내용" tabindex="0" ref="box" @scroll.passive="scrolled">
      <p v-if="truncated" class="day">앞의 글은 줄였습니다. 마지막 {{ known.length }}줄입니다.</p>
      <template v-for="(line, i) in known" :key="line.seq">
        <p v-if="i === 0 || day(line.at) !== day(known[i - 1].at)" class="day">{{ day(line.at) }}</p>
        <article class="line" :class="['by-' + line.by, line.urgency ? 'sev-' + line.urgency : '', {own: line.own}]" :data-seq="line.seq">
          <header><b>{{ line.who }}</b><span v-if="line.urgency" class="badge" :class="'sev-' + line.urgency"><span aria-hidden="true">{{ line.shape }}</span> {{ line.word }}</span>
            <button v-if="line.by === 'citizen' && !line.wordless" type="button" class="judge" title="이 글이 응급이었는지 판정" @click="$emit('judge', line.seq)">판정</button>
            <button v-if="line.by === 'citizen' && marking" type="button" class="judge abusive" :aria-pressed="String(rude.includes(line.seq))" title="폭언으로 표시하거나 지우기" @click="$emit('abuse', line.seq)">{{ rude.includes(line.seq) ? '✕ 폭언 표시됨' : '폭언' }}</button>
            <time :title="there(line.at)">{{ clock(line.at) }}</time></header>
          <p class="words" :class="{wordless: line.wordless}"><template v-if="line.pieces.length && !unveiled"><template v-for="(piece, n) in line.pieces" :key="n"><button v-if="piece[1]"
            type="button" class="veil" aria-label="가린 말. 누르면 보입니다." @click="unveiled = true">●●</button><template v-else>{{ piece[0] }}</template></template></template><template v-else>{{ line.text }}</template></p>
          <div v-if="line.source" class="source"><b>{{ line.source.title }}</b><span>{{ line.source.detail }}</span>
            <a v-if="line.source.url" :href="line.source.url" target="_blank" rel="noopener noreferrer">열기</a></div>
          <div v-for="file in line.files" :key="file.id" class="file">
            <a v-if="file.thumbnail" :href="file.picture" target="_blank" rel="noopener noreferrer"><img :src="file.thumbnail" alt="사진 크게 보기" loading="lazy"></a>
            <span>{{ file.word }}</span>
            <a v-if="file.original" :href="file.original" download rel="noopener noreferrer">{{ file.thumbnail ? '원본 받기' : '받기' }}</a>
            <button v-if="file.position" type="button" class="small" @click="$emit('place', file.id)">사진에 위치가 있습니다</button>
          </div>
          <p v-if="line.extra" class="extra">{{ line.extra }}</p>
          <p v-if="line.by === 'agent'" class="read" :class="{failed: state(line) === 'failed' || state(line) === 'withheld'}">{{ STATES[state(line)] }}</p>
        </article>
      </template>
      <p class="typing" role="status">{{ isTyping ? '민원인이 입력 중…' : '' }}</p>
      <button v-if="hasVeiled" type="button" class="small veils" data-key="KeyO" :aria-pressed="String(unveiled)" @click="unveiled = !unveiled">
        {{ unveiled ? '거친 말 가리기' : '가린 말 보기' }} <kbd aria-hidden="true">o</kbd></button>
      <button v-if="below" type="button" class="small below" @click="toEnd">새 글 보기 ↓</button>
    </div>`,
  props: { lines: Array, marks: Object, zone: String, truncated: Boolean, abusive: Array, markable: Boolean },
  emits: ["seen", "judge", "abuse", "place"],
  data() {
    return { known: [], read: 0, delivered: 0, failed: [], withheld: [], isTyping: false, unveiled: false, below: false, told: 0, rude: [], marking: false };
  },
  created() {
    this.STATES = STATES;
    this.known = this.lines || [];
    this.mark(this.marks || {});
    this.abuse(this.abusive || [], this.markable);
  },
  mounted() {
    this.toEnd();
    this.onVisible = () => this.tell();
    document.addEventListener("visibilitychange", this.onVisible);
  },
  unmounted() {
    document.removeEventListener("visibilitychange", this.onVisible);
    clearTimeout(this.typingEnds);
  },
  computed: {
    hasVeiled() {
      return this.known.some((line) => line.pieces.length);
    },
  },
  methods: {
    add(lines) {
      const box = this.$refs.box;
      const atEnd = !box || box.scrollHeight - box.scrollTop - box.clientHeight < 80;
      const last = this.known.length ? this.known[this.known.length - 1].seq : 0;
      const fresh = lines.filter((line) => line.seq > last);
      const changed = lines.filter((line) => line.seq <= last);
      changed.forEach((line) => {
        const at = this.known.findIndex((one) => one.seq === line.seq);
        if (at >= 0) this.known[at] = line;
      });
      this.known.push(...fresh);
      if (fresh.some((line) => line.by === "citizen")) this.isTyping = false;
      if (atEnd || fresh.some((line) => line.own)) this.toEnd();
      else if (fresh.length) this.below = true;
    },
    mark(marks) {
      this.read = Math.max(this.read, marks.read || 0);
      this.delivered = Math.max(this.delivered, marks.delivered || 0);
      this.failed = marks.failed || [];
      this.withheld = marks.withheld || [];
    },
    abuse(seqs, may) {
      this.rude = seqs;
      this.marking = may;
    },
    state(line) {
      if (this.withheld.includes(line.seq)) return "withheld";
      if (this.failed.includes(line.seq)) return "failed";
      return line.seq <= this.read ? "read" : line.seq <= this.delivered ? "delivered" : "kept";
    },
    typing() {
      // Said while it is true: gone when the words come, or six seconds after the last key.
      clearTimeout(this.typingEnds);
      this.isTyping = true;
      this.typingEnds = setTimeout(() => (this.isTyping = false), 6000);
    },
    toEnd() {
      this.$nextTick(() => {
        const box = this.$refs.box;
        if (box) box.scrollTop = box.scrollHeight;
        this.below = false;
        this.tell();
      });
    },
    scrolled() {
      const box = this.$refs.box;
      if (box.scrollHeight - box.scrollTop - box.clientHeight < 80) {
        this.below = false;
        this.tell();
      }
    },
    tell() {
      // A line counts as read when it can be seen: the page is in front and the end is in view.
      const last = this.known.length ? this.known[this.known.length - 1].seq : 0;
      if (this.below || document.visibilityState !== "visible" || last <= this.told || !this.$el.offsetParent) return;
      this.told = last;
      this.$emit("seen", last);
    },
    clock(at) {
      return new Date(at).toLocaleTimeString("ko-KR", { hour: "2-digit", minute: "2-digit", hour12: false });
    },
    day(at) {
      return new Date(at).toLocaleDateString("ko-KR", { month: "long", day: "numeric", weekday: "short" });
    },
    there(at) {
      if (!this.zone) return "";
      return "현지 " + new Date(at).toLocaleTimeString("ko-KR", { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: this.zone });
    },
  },
};
