// The queue: keyed rows patched one by one, so that a routine change costs one row and a danger is on top at once.
// Every string is interpolated as text.
const SECTIONS = [
  ["mine", "내 상담"],
  ["waiting", "대기"],
  ["others", "다른 상담관"],
];

export default {
  template: `
    <nav class="queue" aria-label="대기열">
      <section v-for="section in sections" :key="section.key" v-show="section.rows.length || section.key === 'waiting'">
        <h2>{{ section.title }} <span class="count">{{ section.total }}</span></h2>
        <ul role="list">
          <li v-for="row in section.rows" :key="row.id" class="case" :class="['sev-' + row.sev, {opened: row.id === opened, selected: row.id === selected, ringing: row.ring, 'for-me': row.refusal}]" :data-case-id="row.id">
            <button type="button" class="main" :tabindex="row.id === tabstop ? 0 : -1" :aria-current="row.id === opened ? 'true' : null"
              aria-keyshortcuts="Enter" @focus="selected = row.id" @click="look(row)" @keydown.enter.prevent.stop="enter(row)">
              <span class="top"><span class="badge" :class="'sev-' + row.sev"><span aria-hidden="true">{{ row.shape }}</span> {{ row.word }}</span>
                <span v-if="row.mute" class="mute">말할 수 없음</span>
                <span v-if="row.unread" class="unread">새 글 {{ row.unread }}</span>
                <time class="wait" data-tick="wait" :data-at="row.at"></time></span>
              <span class="what">{{ row.category }}</span>
              <span class="where">{{ row.place }} · {{ row.language }} · #{{ row.id }}<template v-if="row.has_place"> · 위치 있음</template><template v-if="row.owner"> · {{ row.owner }}</template><template v-if="row.note"> · {{ row.note }}</template></span>
            </button>
            <span class="acts">
              <button v-if="row.ring" type="button" class="small ack" tabindex="-1" @click="$emit('ack', row.id)">확인</button>
              <button v-if="row.refusal && (row.id === selected || row.id === opened)" type="button" class="small decline" tabindex="-1" :data-key="row.id === selected ? 'KeyD' : null" @click="$emit('decline', row.id)">{{ row.refusal }} <kbd aria-hidden="true">d</kbd></button>
              <button v-if="row.section === 'waiting' && (row.id === selected || row.id === opened)" type="button" class="small take" tabindex="-1" @click="$emit('take', row.id)">맡기 <kbd>Enter</kbd></button>
            </span>
          </li>
        </ul>
        <p v-if="section.key === 'waiting' && !section.rows.length" class="empty">기다리는 상담이 없습니다.</p>
        <p v-if="section.total > section.rows.length" class="more">그 밖에 {{ section.total - section.rows.length }}건이 더 있습니다.</p>
      </section>
    </nav>`,
  props: { rows: Array, totals: Object },
  emits: ["take", "look", "ack", "decline", "thin"],
  data() {
    return { known: new Map(), counts: {}, selected: null, opened: null };
  },
  created() {
    this.reset(this.rows || [], this.totals || {});
  },
  mounted() {
    this.onMove = (e) => this.move(e.detail);
    this.onEnter = () => this.enter(this.known.get(this.selected));
    document.addEventListener("desk:move", this.onMove);
    document.addEventListener("desk:enter", this.onEnter);
  },
  unmounted() {
    document.removeEventListener("desk:move", this.onMove);
    document.removeEventListener("desk:enter", this.onEnter);
  },
  computed: {
    sections() {
      const sorted = [...this.known.values()].sort((a, b) => a.rank - b.rank || a.at - b.at || a.id - b.id);
      return SECTIONS.map(([key, title]) => {
        const rows = sorted.filter((row) => row.section === key);
        return { key, title, rows, total: Math.max(this.counts[key] || 0, rows.length) };
      });
    },
    order() {
      return this.sections.flatMap((section) => section.rows.map((row) => row.id));
    },
    tabstop() {
      return this.known.has(this.selected) ? this.selected : this.order[0];
    },
  },
  methods: {
    reset(rows, counts) {
      this.known = new Map(rows.map((row) => [row.id, row]));
      this.counts = counts;
      this.afterChange();
    },
    patch(upserts, removals, counts) {
      removals.forEach((id) => this.known.delete(id));
      upserts.forEach((row) => this.known.set(row.id, row));
      this.counts = counts;
      this.afterChange();
    },
    afterChange() {
      this.$nextTick(() => window.deskTick?.());
    },
    show(id) {
      this.opened = id;
      if (id !== null) this.selected = id;
    },
    look(row) {
      this.selected = row.id;
      this.$emit("look", row.id);
    },
    enter(row) {
      if (!row) return;
      this.selected = row.id;
      this.$emit(row.section === "waiting" ? "take" : "look", row.id);
    },
    move(delta) {
      const order = this.order;
      if (!order.length) return;
      const at = order.indexOf(this.selected);
      this.selected = order[at < 0 ? 0 : Math.min(order.length - 1, Math.max(0, at + delta))];
      this.$nextTick(() => this.$el.querySelector(`[data-case-id="${Number(this.selected)}"] .main`)?.focus());
    },
  },
};
