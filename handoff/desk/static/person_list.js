// A list of colleagues to choose one from. Every string is interpolated as text; composing Hangul never moves the choice.
export default {
  template: `
    <div class="person-list">
      <input v-if="people.length > 6" ref="find" class="find" type="search" :aria-label="label + ' 찾기'" placeholder="이름으로 찾기" autocomplete="off"
        @input="typed = $event.target.value" @keydown="key">
      <ul ref="list" role="listbox" :aria-label="label" tabindex="0" :aria-activedescendant="current ? 'person-' + current : null" @keydown="key">
        <li v-for="one in shown" :key="one.id" :id="'person-' + one.id" role="option" :data-person="one.id" :aria-selected="one.id === chosen ? 'true' : 'false'"
          :aria-disabled="one.why ? 'true' : null" :class="{at: one.id === current}" @click="choose(one)">
          <span class="dot" aria-hidden="true">{{ one.id === chosen ? '●' : '○' }}</span>
          <b>{{ one.name }}</b> <span class="detail">{{ one.detail }}</span>
          <span v-if="one.why" class="why">{{ one.why }}</span>
        </li>
      </ul>
      <p v-if="!shown.length" class="soft">{{ people.length ? '그런 이름이 없습니다.' : '받을 수 있는 사람이 없습니다.' }}</p>
    </div>`,
  props: { people: Array, label: String },
  emits: ["pick"],
  data() {
    return { typed: "", current: null, chosen: null };
  },
  mounted() {
    this.current = this.people.find((one) => !one.why)?.id ?? null;
    setTimeout(() => (this.$refs.find || this.$refs.list)?.focus(), 60);
  },
  computed: {
    shown() {
      const wanted = this.typed.trim().normalize("NFC").toLowerCase();
      return wanted ? this.people.filter((one) => (one.name + " " + one.detail).toLowerCase().includes(wanted)) : this.people;
    },
  },
  methods: {
    choose(one) {
      if (one.why) return;
      this.current = this.chosen = one.id;
      this.$emit("pick", one.id);
    },
    key(e) {
      if (e.isComposing) return;
      if (e.key === "ArrowDown" || e.key === "ArrowUp") {
        e.preventDefault();
        const free = this.shown.filter((one) => !one.why);
        if (!free.length) return;
        const at = free.findIndex((one) => one.id === this.current);
        this.current = free[Math.min(free.length - 1, Math.max(0, at + (e.key === "ArrowDown" ? 1 : -1)))].id;
        this.$nextTick(() => this.$el.querySelector(".at")?.scrollIntoView({ block: "nearest" }));
      } else if (e.key === "Enter" || (e.key === " " && e.target === this.$refs.list)) {
        e.preventDefault();
        const one = this.shown.find((row) => row.id === this.current) || this.shown.find((row) => !row.why);
        if (!one) return;
        this.choose(one);
        // On to what has to be written.
        if (e.key === "Enter") this.$el.closest("[data-dialog]")?.querySelector("textarea, [data-confirm]")?.focus();
      }
    },
  },
};
