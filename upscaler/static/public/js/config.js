/** The page's configuration from the server: limits, addresses, and sentences in the visitor's language. */

export const config = JSON.parse(document.getElementById("config").textContent);

const pluralRules = new Intl.PluralRules(config.locale);

/** Fill the `%(name)s` placeholders of a template. */
function fill(template, values) {
  return template.replace(/%\((\w+)\)s/g, (placeholder, name) => (name in values ? String(values[name]) : placeholder));
}

/** The sentence of a key, filled in. */
export function t(key, values = {}) {
  return fill(config.strings[key], values);
}

/** Whether there is a sentence for this key. */
export function has(key) {
  return key in config.strings;
}

/** The counted phrase of a key, in the plural form that the language asks for. */
export function plural(key, count) {
  const forms = config.plurals[key];
  return fill(forms[pluralRules.select(count)] ?? forms.other, { count: formatInteger(count) });
}

const integers = new Intl.NumberFormat(config.locale, { maximumFractionDigits: 0, numberingSystem: "latn" });

/** A whole number with the separators of the language. */
export function formatInteger(number) {
  return integers.format(number);
}
