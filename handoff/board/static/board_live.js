// How live the board is: each beat of the server sets the clock back; without one the corner says since when, whatever the cause.
const STALE_MS = 12000;

export default {
  template: `<span class="corner" role="status" :data-state="state">{{ words }}</span>`,
  props: { beat: Number, failing: Boolean },
  data() {
    return { at: Date.now(), now: Date.now() };
  },
  computed: {
    silent() {
      return this.now - this.at;
    },
    state() {
      if (this.silent >= STALE_MS) return "broken";
      return this.failing ? "catching_up" : "live";
    },
    words() {
      if (this.state === "live") return "실시간";
      const since = new Date(this.at).toLocaleTimeString("ko-KR", { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
      return this.state === "broken" ? `${since}부터 갱신되지 않음 · ${Math.round(this.silent / 1000)}초째` : "따라잡는 중";
    },
  },
  watch: {
    beat() {
      this.at = this.now = Date.now();
    },
    state() {
      document.body.dataset.board = this.state;
    },
  },
  mounted() {
    document.body.dataset.board = this.state;
    this.timer = setInterval(() => (this.now = Date.now()), 1000);
  },
  unmounted() {
    clearInterval(this.timer);
  },
};
