// The picker above the reply box: a list of texts and, beside it, the one that Enter would put in. The box (or the search field) keeps the
// focus; this only shows, and says what was chosen. Everything is interpolated as text.
export default {
  template: `
    <section class="text-panel" :aria-label="title" @mousedown="keepFocus">
      <header>
        <h2>{{ title }}</h2>
        <input v-if="searches" ref="field" type="text" class="find" placeholder="찾을 말을 적으세요" autocomplete="off" spellcheck="false" maxlength="200"
          role="combobox" aria-autocomplete="list" aria-expanded="true" :aria-controls="listId" :aria-activedescendant="items.length ? listId + '-' + selected : null"
          aria-label="공지에서 찾을 말" @input="$emit('query', $event.target.value)" @keydown="$emit('key', $event)" @compositionstart="$emit('composing', true)"
          @compositionend="$emit('composing', false)">
        <span v-else class="so-far">{{ query ? '/' + query : '적는 대로 좁혀집니다' }}</span>
        <button type="button" class="small" tabindex="-1" @click="$emit('close')">닫기 <kbd aria-hidden="true">Esc</kbd></button>
      </header>
      <p class="unseen" role="status">{{ spoken }}</p>
      <p v-if="!items.length" class="empty">{{ waiting ? '찾고 있습니다…' : note || (searches && !query.trim() ? '낱말이나 문장으로 찾습니다. 지금 유효한 공지가 나옵니다.' : '맞는 것이 없습니다. Esc 로 닫으면 적은 글이 그대로 남습니다.') }}</p>
      <div v-else class="choices">
        <ul role="listbox" :id="listId" :aria-label="title" ref="list">
          <li v-for="(item, i) in items" :key="item.key" role="option" :id="listId + '-' + i" :aria-selected="String(i === selected)" :data-key-of="item.key"
            @mousemove="i !== selected && $emit('select', i)" @click="$emit('pick', i)">
            <b>{{ item.title }}</b>
            <span class="detail">{{ item.detail }}</span>
            <span v-if="item.stale.length" class="flag stale"><span aria-hidden="true">⚠</span> 기한 지남</span>
            <span v-if="item.problems.length" class="flag open">채울 칸 있음</span>
          </li>
        </ul>
        <div class="preview" v-if="chosen">
          <p v-for="one in chosen.stale" :key="one" class="warning"><b>기한 지남</b> {{ one }}</p>
          <p v-for="one in chosen.problems" :key="one" class="warning">{{ one }}</p>
          <p class="words">{{ chosen.text }}</p>
        </div>
      </div>
      <footer class="hint" aria-hidden="true"><kbd>↑</kbd> <kbd>↓</kbd> 고르기 · <kbd>Enter</kbd> 넣기 · <kbd>Esc</kbd> 닫기</footer>
    </section>`,
  props: { kind: String, items: Array, selected: Number, note: String, waiting: Boolean, query: String, listId: String },
  emits: ["query", "key", "composing", "pick", "select", "close"],
  computed: {
    searches() {
      return this.kind === "notices";
    },
    title() {
      return this.searches ? "안내 찾기" : "정형문";
    },
    chosen() {
      return this.items[this.selected];
    },
    spoken() {
      return this.waiting ? "" : `${this.title} ${this.items.length}건`;
    },
  },
  watch: {
    selected() {
      this.$nextTick(() => this.$refs.list?.children[this.selected]?.scrollIntoView({ block: "nearest" }));
    },
  },
  mounted() {
    this.$refs.field?.focus();
  },
  methods: {
    keepFocus(e) {
      if (!e.target.closest("input, .preview")) e.preventDefault();
    },
  },
};
