// Runs in the editor: the checks of one node's fields. The build writes it, with the rules, into each template.
(function createFieldChecks(rules, node) {
  "use strict";

  /** Why a field cannot be as it is, beginning with the field's own label. */
  function reason(config, property, key) {
    return config._(`${node}.field.${property}`) + ": " + config._(`${node}.${key}`);
  }

  /** True, or the reason in words; a value from the environment is known only when the flows start. */
  function checkOptional(config, property, rule, value) {
    const text = String(value ?? "").trim();
    if (text === "" || new RegExp(rules.environmentVariable.pattern).test(text)) return true;
    return new RegExp(rules[rule].pattern).test(text) || reason(config, property, rules[rule].message);
  }

  function check(config, property, rule, value) {
    if (String(value ?? "").trim() === "") return reason(config, property, "validation.required");
    return checkOptional(config, property, rule, value);
  }

  return { reason, check, checkOptional };
});
