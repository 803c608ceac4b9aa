// The fields of a notice. What is typed lives here and nowhere else until it is saved: the server never writes into a field while
// somebody types, a stale save leaves every word where it stands, and a reload of the page finds it again in this tab.
import { chips } from "/kb/assets/chips.js";

const PAUSE_MS = 600;
const DAYS = [
  ["published_at", "게시일", "기관이 알린 날"],
  ["effective_from", "시행일", "이 날부터 답합니다. 비우면 게시일과 같습니다."],
  ["expires_at", "만료일", "이 날부터 답하지 않습니다. 정해지지 않았으면 비웁니다."],
  ["review_by", "검토 기한 (필수)", "이 날까지 다시 확인하지 않으면 답하지 않습니다."],
];

export default {
  components: { chips },
  template: `
    <form class="notice-form" :data-notice="fields.id" @submit.prevent @input="touched" @keydown.ctrl.s.prevent="save" @keydown.meta.s.prevent="save" aria-label="공지 편집">
      <p v-if="restored" class="restored" role="status">저장하지 않은 글을 되살렸습니다. <button type="button" class="small" @click="forget">버리고 저장된 글 보기</button></p>
      <label class="field"><span>제목</span>
        <input v-model="fields.title" name="title" maxlength="300" autocomplete="off" :readonly="readonly" :aria-invalid="problems.title ? 'true' : null" aria-describedby="p-title"></label>
      <p id="p-title" class="field-problem" v-if="problems.title">{{ problems.title }}</p>
      <label class="field" v-if="canned"><span>단축어 <small>상담관이 / 다음에 칩니다</small></span>
        <input v-model="fields.shortcut" name="shortcut" maxlength="20" autocomplete="off" :readonly="readonly"></label>
      <p class="field-problem" v-if="problems.shortcut">{{ problems.shortcut }}</p>
      <label class="field"><span>본문 <small>마크다운. 표는 | 로 나눕니다</small></span>
        <textarea v-model="fields.body" name="body" rows="14" maxlength="200000" spellcheck="false" :readonly="readonly" :aria-invalid="problems.body ? 'true' : null"></textarea></label>
      <p class="field-problem" v-if="problems.body">{{ problems.body }}</p>
      <fieldset class="days"><legend>날짜</legend>
        <div v-for="[name, label, help] in days" :key="name">
          <label class="field"><span>{{ label }}</span>
            <input type="date" v-model="fields[name]" :name="name" min="1950-01-01" max="2200-12-31" :readonly="readonly" :required="name === 'review_by'" :aria-invalid="problems[name] ? 'true' : null" :aria-describedby="'h-' + name"></label>
          <p class="help" :id="'h-' + name">{{ help }}</p>
          <p class="field-problem" v-if="problems[name]">{{ problems[name] }}</p>
        </div>
      </fieldset>
      <div class="pair">
        <chips label="나라" name="countries" help="비우면 모든 나라" :options="choices.countries" v-model="fields.countries" :readonly="readonly" @update:modelValue="touched"></chips>
        <chips label="주제" name="topics" help="없는 말도 적을 수 있습니다" :options="choices.topics" free v-model="fields.topics" :readonly="readonly" @update:modelValue="touched"></chips>
      </div>
      <p class="field-problem" v-if="problems.countries || problems.topics">{{ problems.countries || problems.topics }}</p>
      <div class="pair">
        <label class="field"><span>출처</span><input v-model="fields.source" name="source" maxlength="300" autocomplete="off" :readonly="readonly"></label>
        <label class="field"><span>원문 링크</span><input v-model="fields.source_url" name="source_url" type="url" maxlength="2000" placeholder="https://" autocomplete="off" :readonly="readonly" :aria-invalid="problems.source_url ? 'true' : null"></label>
      </div>
      <p class="field-problem" v-if="problems.source_url">{{ problems.source_url }}</p>
      <chips label="이 공지가 대체하는 공지" name="supersedes" help="게시하면 그 공지는 더 답하지 않습니다" :options="choices.notices" v-model="fields.supersedes" :readonly="readonly" @update:modelValue="touched"></chips>
      <p class="field-problem" v-if="problems.supersedes">{{ problems.supersedes }}</p>
      <p v-if="fields.test_only" class="note">◇ 시험용으로 쓴 글입니다. 운영에서는 게시할 수 없습니다.</p>
    </form>`,
  props: { record: Object, stamp: String, readonly: Boolean, canned: Boolean, choices: Object },
  emits: ["change", "save", "dirty"],
  data() {
    return { fields: toPlain(this.record), base: toPlain(this.record), mark: this.stamp, problems: {}, restored: false, days: DAYS };
  },
  mounted() {
    this.onLeave = (e) => {
      if (this.isDirty() && !window.kbLeaving) e.preventDefault();
    };
    window.addEventListener("beforeunload", this.onLeave);
    const kept = this.readonly ? null : recall(this.key());
    if (kept && JSON.stringify(kept) !== JSON.stringify(this.base)) {
      this.fields = kept;
      this.restored = true;
      this.emitSoon(0);
    }
  },
  unmounted() {
    clearTimeout(this.waiting);
    window.removeEventListener("beforeunload", this.onLeave);
  },
  methods: {
    key() {
      return `kb:${this.base.id}:${this.mark}`;
    },
    isDirty() {
      return !this.readonly && JSON.stringify(this.fields) !== JSON.stringify(this.base);
    },
    touched() {
      if (this.readonly) return;
      this.$nextTick(() => {
        keep(this.key(), toPlain(this.fields));
        this.emitSoon(PAUSE_MS);
      });
    },
    emitSoon(pause) {
      clearTimeout(this.waiting);
      this.$emit("dirty", this.isDirty());
      this.waiting = setTimeout(() => this.$emit("change", toPlain(this.fields)), pause);
    },
    save() {
      if (!this.readonly) this.$emit("save");
    },
    forget() {
      keep(this.key(), null);
      this.fields = toPlain(this.base);
      this.restored = false;
      this.emitSoon(0);
    },
    // What the server asks.
    value() {
      return toPlain(this.fields);
    },
    show(problems) {
      this.problems = problems;
      const first = Object.keys(problems)[0];
      if (first) this.$nextTick(() => this.$el.querySelector(`[name="${CSS.escape(first)}"]`)?.focus());
    },
    // What was saved is the new ground to stand on; what has been typed since stays typed.
    saved(record, stamp) {
      keep(this.key(), null);
      const typedSince = this.isDirty() && JSON.stringify(this.fields) !== JSON.stringify(record);
      this.base = record;
      this.mark = stamp;
      this.restored = false;
      this.problems = {};
      if (!typedSince) this.fields = toPlain(record);
      this.$emit("dirty", this.isDirty());
    },
    // Somebody else has saved meanwhile, and this person has seen what: from here on their own text stands on the newer one.
    rebase(stamp) {
      this.mark = stamp;
      keep(this.key(), toPlain(this.fields));
    },
  },
};

function toPlain(value) {
  return JSON.parse(JSON.stringify(value));
}

// A browser may forbid storage; then a reload loses what was not saved, as everywhere else.
function keep(key, fields) {
  try {
    if (fields) sessionStorage.setItem(key, JSON.stringify(fields));
    else sessionStorage.removeItem(key);
  } catch {}
}

function recall(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key));
  } catch {
    return null;
  }
}
