// The lines of an export. What is black stands struck out with its reason and is pressed to uncover it; a stretch that is selected is blacked out by the
// button above. Every string is interpolated as text; places are counted in characters, as the server counts them.
export default {
  template: `
    <div class="export-lines">
      <p v-if="editable" class="mark-bar"><button type="button" class="small primary" data-action="mark" @mousedown.prevent @click="mark">고른 말 가리기</button>
        <span class="soft" role="status">{{ said }}</span></p>
      <section v-for="section in sections" :key="section.code" :data-section="section.code">
        <h2>{{ section.title }}</h2>
        <p v-if="!section.items.length" class="none">남아 있는 내용이 없습니다.</p>
        <div v-for="item in section.items" :key="item.id" class="export-line" :data-item="item.id">
          <b>{{ item.label }}</b>
          <p><template v-for="one in item.segments" :key="one.start"><button v-if="one.kind && editable" type="button" class="black" :data-start="one.start"
              :title="one.label + ' — 누르면 보입니다'" :aria-label="one.text + ', 가림: ' + one.label" @click="$emit('unmark', { item: item.id, start: one.start, end: one.end })">{{ one.text }}</button><span
              v-else-if="one.kind" class="black" :data-start="one.start" :title="one.label">{{ one.text }}</span><span
              v-else :data-start="one.start">{{ one.text }}</span></template></p>
        </div>
      </section>
    </div>`,
  props: { sections: Array, editable: Boolean },
  emits: ["mark", "unmark"],
  data() {
    return { said: "" };
  },
  methods: {
    // Where a point of the selection stands in its line: the item, and how many characters come before.
    place(node, offset) {
      const part = (node.nodeType === 3 ? node.parentElement : node).closest?.("[data-start]");
      const item = part?.closest("[data-item]");
      if (!item || !this.$el.contains(item) || node.nodeType !== 3) return null;
      return { item: item.dataset.item, at: Number(part.dataset.start) + [...node.data.slice(0, offset)].length };
    },
    mark() {
      const chosen = document.getSelection();
      const ends = chosen && !chosen.isCollapsed && [this.place(chosen.anchorNode, chosen.anchorOffset), this.place(chosen.focusNode, chosen.focusOffset)];
      if (!ends || !ends[0] || !ends[1] || ends[0].item !== ends[1].item) {
        this.said = "한 줄 안에서 가릴 말을 끌어서 고르세요.";
        return;
      }
      this.said = "";
      const [start, end] = [ends[0].at, ends[1].at].sort((a, b) => a - b);
      if (start < end) this.$emit("mark", { item: ends[0].item, start, end });
      chosen.removeAllRanges();
    },
  },
};
