// Searching models, with tolerance for typos.

const FEW = 3; // with fewer exact hits than this, similarly spelled words are searched too
const WORD = /[\p{L}\p{N}]+/gu;

const words = (text) => text.toLowerCase().match(WORD) ?? [];

/** Return an index of `models` (each with `name`, `ref` and `providerName`), created once per catalog. */
export function createIndex(models) {
  const texts = models.map((model) => `${model.ref} ${model.name} ${model.providerName}`.toLowerCase());
  const vocabulary = new Map();
  texts.forEach((text, at) => {
    for (const word of new Set(words(text))) {
      if (!vocabulary.has(word)) vocabulary.set(word, []);
      vocabulary.get(word).push(at);
    }
  });
  return { models, texts, vocabulary, alike: new Map() };
}

/** Return the models that match all words of `query`, best first. */
export function find(index, query) {
  const wanted = query.toLowerCase().split(/\s+/).filter(Boolean);
  const scores = wanted.map((word) => containing(index, word));
  let hits = together(scores);
  if (hits.size < FEW) hits = together(wanted.map((word, at) => merged(scores[at], spelledAlike(index, word))));
  const ranked = [...hits].map(([at, score]) => [index.models[at], score + (index.models[at].usable ? 2 : 0)]);
  return ranked.sort((a, b) => b[1] - a[1] || a[0].ref.length - b[0].ref.length).map(([model]) => model);
}

function containing(index, word) {
  const scores = new Map();
  index.texts.forEach((text, at) => {
    const position = text.indexOf(word);
    if (position >= 0) scores.set(at, startsWord(text, position) ? 6 : 3);
  });
  return scores;
}

const startsWord = (text, position) => position === 0 || !/[\p{L}\p{N}]/u.test(text[position - 1]);

function spelledAlike(index, typed) {
  if (index.alike.has(typed)) return index.alike.get(typed);
  const scores = new Map();
  for (const word of words(typed)) {
    const most = word.length > 7 ? 2 : word.length > 3 ? 1 : 0;
    for (const [known, places] of most ? index.vocabulary : []) {
      if (isNear(word, known.slice(0, word.length + most), most)) for (const at of places) scores.set(at, 1);
    }
  }
  if (index.alike.size > 200) index.alike.clear();
  index.alike.set(typed, scores);
  return scores;
}

/** Return whether at most `most` letters are missing, added, changed or swapped with their neighbour. */
export function isNear(typed, known, most) {
  if (Math.abs(typed.length - known.length) > most) return false;
  let before = null;
  let row = Array.from({ length: known.length + 1 }, (_, at) => at);
  for (let i = 1; i <= typed.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= known.length; j += 1) {
      const same = typed[i - 1] === known[j - 1];
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && typed[i - 1] === known[j - 2] && typed[i - 2] === known[j - 1];
      if (swapped) next[j] = Math.min(next[j], before[j - 2] + 1);
    }
    if (Math.min(...next) > most) return false;
    [before, row] = [row, next];
  }
  return row[known.length] <= most;
}

function merged(exact, alike) {
  return new Map([...alike, ...exact]);
}

function together(scores) {
  const [first = new Map(), ...rest] = [...scores].sort((a, b) => a.size - b.size);
  const hits = new Map();
  for (const [at, score] of first) {
    if (rest.every((each) => each.has(at))) hits.set(at, rest.reduce((sum, each) => sum + each.get(at), score));
  }
  return hits;
}
