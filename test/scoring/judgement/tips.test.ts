import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { isPalateError, type PalateError } from '../../../src/errors.ts';
import { loadTips, type TipInput, type Tips } from '../../../src/scoring/judgement/tips.ts';

const folder = mkdtempSync(join(tmpdir(), 'palate-tips-'));
const file = join(folder, 'tips.yaml');
after(() => rmSync(folder, { recursive: true }));

const classes = [
  { name: 'Pizza', coarse: '' },
  { name: 'Apple-Juice', coarse: 'Juice' },
];

function load(yaml: string): Tips {
  writeFileSync(file, yaml);
  return loadTips(file, classes);
}

function refusal(yaml: string): PalateError {
  try {
    load(yaml);
  } catch (error) {
    assert.ok(isPalateError(error), String(error));
    assert.equal(error.reason, 'CONFIG_INVALID');
    return error;
  }
  assert.fail('it was taken');
}

interface Rule {
  readonly id?: string;
  readonly when: string;
  readonly priority?: number;
  readonly texts?: readonly string[];
  readonly examples?: readonly string[];
}

/** A file of rules; YAML takes JSON as it is. Without examples of its own a rule gets two that are right for `hour`. */
function rules(...all: Rule[]): string {
  const entries = all.map(({ id = 'rule', when, priority = 1, texts = ['Eat.'], examples }) => {
    const shown = examples ?? ['{ with: { hour: 1 }, applies: true }', '{ with: { hour: 0 }, applies: false }'];
    const lines = [
      `  - id: ${id}`,
      `    when: ${when}`,
      `    priority: ${priority}`,
      `    texts: ${JSON.stringify(texts)}`,
    ];
    return [...lines, '    examples:', ...shown.map((example) => `      - ${example}`)].join('\n');
  });
  return `rules:\n${entries.join('\n')}\n`;
}

/** Friday, 1 May 2026, 13:00 in UTC. */
const atMillis = Date.UTC(2026, 4, 1, 13);

function inputOf(change: Partial<TipInput> = {}): TipInput {
  return {
    imageId: '0190a0c1-1111-7111-8111-111111111111',
    labels: [{ name: 'Pizza', confidence: 0.9 }],
    score: 2,
    uncertainty: 0.1,
    atMillis,
    timeZone: '',
    meals: [],
    ...change,
  };
}

/** A condition as a rule whose examples hold whatever it says. */
function applies(when: string, change: Partial<TipInput> = {}): boolean {
  const always = ['{ with: { hour: 1 }, applies: true }', '{ with: { hour: 0 }, applies: false }'];
  const guarded = JSON.stringify(`hour == 1 || (hour != 0 && (${when}))`);
  return load(rules({ when: guarded, examples: always })).choose(inputOf(change)) !== '';
}

describe('a tip', () => {
  it('goes by labels, score, uncertainty and the time there', () => {
    assert.ok(applies('labels[0].name == "Pizza" && labels[0].confidence > 0.5 && score <= 2 && uncertainty < 0.5'));
    assert.ok(applies('hour == 13 && weekday == "friday"'));
    assert.ok(
      applies('hour == 1 + 1 && weekday == "saturday"', { timeZone: 'Pacific/Auckland', atMillis: atMillis + 3.6e6 }),
    );
    assert.ok(applies('labels.exists(l, l.group == "Juice")', { labels: [{ name: 'Apple-Juice', confidence: 0.4 }] }));
    assert.ok(applies('labels[0].group == "Pizza"'));
    assert.ok(applies('labels[0].group == "Unheard-of"', { labels: [{ name: 'Unheard-of', confidence: 1 }] }));
    assert.equal(applies('score > 4'), false);
  });

  it('goes by the meals before, but not by the photo itself', () => {
    const meal = {
      imageId: 'before',
      score: 2,
      atMillis: atMillis - 7.2e6,
      labels: [{ name: 'Pizza', confidence: 0.8 }],
    };
    const meals = [
      meal,
      { ...meal, imageId: inputOf().imageId },
      { ...meal, imageId: 'ahead', atMillis: atMillis + 9e5 },
    ];
    assert.ok(applies('size(meals) == 2 && meals[0].hours_ago == 0.0 && meals[1].hours_ago == 2.0', { meals }));
    assert.ok(applies('meals.filter(m, m.score < 3).exists(m, m.labels.exists(l, l.name == "Pizza"))', { meals }));
    const many = Array.from({ length: 100 }, (_, n) => ({ ...meal, imageId: `${n}`, atMillis: atMillis - n * 3.6e6 }));
    assert.ok(applies('size(meals) == 64 && meals.all(m, m.hours_ago < 64.0)', { meals: many.toReversed() }));
  });

  it('is empty where no rule applies, or where its condition fails', () => {
    assert.equal(applies('score > 4'), false);
    assert.equal(applies('meals[0].score > 1'), false);
  });

  it('comes from the rule with the highest priority, among equals from the first', () => {
    const tips = load(
      rules(
        { id: 'low', when: 'hour != 0', texts: ['low'] },
        { id: 'first', when: 'hour != 0', priority: 5, texts: ['first'] },
        { id: 'second', when: 'hour != 0', priority: 5, texts: ['second'] },
        { id: 'silent', when: 'hour == 1', priority: 9, texts: ['silent'] },
      ),
    );
    assert.equal(tips.choose(inputOf()), 'first');
  });

  it('is the same for the same photo, and not the same for all', () => {
    const tips = load(rules({ when: 'hour != 0', texts: ['a', 'b', 'c'] }));
    const ids = Array.from({ length: 60 }, (_, n) => `0190a0c1-1111-7111-8111-${String(n).padStart(12, 'a')}`);
    const chosen = ids.map((imageId) => tips.choose(inputOf({ imageId })));
    assert.deepEqual(new Set(chosen), new Set(['a', 'b', 'c']));
    assert.deepEqual(
      ids.map((imageId) => tips.choose(inputOf({ imageId: imageId.toUpperCase() }))),
      chosen,
    );
  });

  it('refuses a time zone that there is not', () => {
    const tips = load(rules({ when: 'hour == 1' }));
    assert.throws(() => tips.choose(inputOf({ timeZone: 'Mars' })), { reason: 'INVALID_REQUEST' });
  });
});

describe('a file of tips is refused', () => {
  const mistakes: Record<string, [yaml: string, message: RegExp]> = {
    'where it is missing a condition’s end': [
      rules({ when: 'hour == (1' }),
      /tips\.yaml:3:16: rule "rule", at "== \(1": it does not parse/,
    ],
    'where a name is not known': [
      rules({ when: 'hour == 1 && scare > 2' }),
      /:3:24: rule "rule", at "scare > 2": "scare" is not known; known here: labels, score/,
    ],
    'where a field is not known': [
      rules({ when: 'labels.exists(l, l.nam == "Pizza")' }),
      /:3:\d+: .*l has no "nam": it has name, confidence, group/,
    ],
    'where a field of filtered meals is not known': [
      rules({ when: 'meals.filter(m, m.score > 1).exists(m, m.hours > 2)' }),
      /m has no "hours"/,
    ],
    'where a field of a place in a list is not known': [rules({ when: 'labels[0].nome == "Pizza"' }), /has no "nome"/],
    'where it can be no condition': [rules({ when: '"score + 1.0"' }), /:3:\d+: .*must be true or false/],
    'where it costs too much': [
      rules({ when: 'meals.all(a, meals.all(b, a.score + b.score + a.score + b.score + 1.0 > b.score * a.score))' }),
      /costs too much/,
    ],
    'where it is no YAML': ['rules: [', /tips\.yaml:\d+:\d+: this is not YAML/],
    'where it is empty': ['', /tips\.yaml:1:1: /],
    'where there are no rules': ['rules: []', /tips\.yaml:1:8: rules: /],
    'where a key is not known': [`${rules({ when: 'hour == 1' })}colour: red\n`, /colour/],
    'where a value is out of bounds': [rules({ when: 'hour == 1', priority: -1 }), /:4:15: rule "rule", priority: /],
    'where an id is no name': [
      rules({ id: 'My Rule', when: 'hour == 1' }),
      /:2:9: rule "My Rule", id: it must be words/,
    ],
    'where an id is there twice': [
      rules({ when: 'hour == 1' }, { when: 'hour == 1' }),
      /:9:9: rule "rule", id: another/,
    ],
    'where there is no text': [rules({ when: 'hour == 1', texts: [] }), /rule "rule", texts: /],
    'where an example is missing': [
      rules({ when: 'hour == 1', examples: ['{ with: { hour: 1 }, applies: true }'] }),
      /examples: an example with "applies: false"/,
    ],
    'where an example does not hold': [
      rules({ when: 'hour == 2' }),
      /:7:9: rule "rule", example: the rule does not apply here/,
    ],
    'where an example fails': [
      rules({ when: 'hour == 1 && meals[0].score > 1' }),
      /:7:9: rule "rule", example: the condition fails here/,
    ],
    'where an example names what the model cannot': [
      rules({
        when: 'hour == 1',
        examples: ['{ with: { hour: 1, labels: { Pizzza: 1 } }, applies: true }', '{ with: {}, applies: false }'],
      }),
      /:7:9: .*no label "Pizzza"/,
    ],
  };
  for (const [what, [yaml, message]] of Object.entries(mistakes)) {
    it(what, () => assert.match(refusal(yaml).message, message));
  }

  it('where its rules together cost too much', () => {
    const when = 'hour == 1 && meals.all(a, meals.all(b, a.score < 6.0))';
    const all = ['one', 'two', 'three', 'four'].map((id) => ({ id, when }));
    assert.match(refusal(rules(...all)).message, /tips\.yaml:1:1: the rules together cost/);
  });

  it('or taken, whatever is in it', () => {
    const good = rules({ when: 'hour == 1' });
    const piece = fc.constantFrom(
      'rules:',
      '- ',
      '  ',
      '\n',
      '&a ',
      '*a',
      'when: ',
      '"',
      '{',
      '}',
      '[',
      '!!x ',
      'hour',
      ': ',
      '|',
      '0',
    );
    const damaged = fc.tuple(fc.nat(good.length), fc.nat(8), fc.array(piece, { maxLength: 4 }));
    fc.assert(
      fc.property(damaged, ([at, cut, pieces]) => {
        try {
          load(good.slice(0, at) + pieces.join('') + good.slice(at + cut));
        } catch (error) {
          assert.ok(isPalateError(error) && error.reason === 'CONFIG_INVALID', String(error));
          assert.match(error.message, /tips/);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('where it is not there', () => {
    const missing = join(folder, 'missing.yaml');
    assert.throws(() => loadTips(missing, classes), { reason: 'CONFIG_INVALID', message: /missing\.yaml/ });
  });

  it('with all its mistakes', () => {
    const error = refusal(rules({ id: 'one', when: 'hour = 1' }, { id: 'two', when: 'nosuch' }));
    assert.match(error.message, /2 mistakes/);
    assert.equal(error.violations.length, 2);
  });

  it('with the place in a condition of several lines', () => {
    const when = '|\n      hour == 1 &&\n        scare > 2';
    assert.match(refusal(rules({ when })).message, /tips\.yaml:5:9: .*"scare" is not known/);
  });
});
