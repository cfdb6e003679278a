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

  /** The definition of a property that must be filled in. */
  function required(property, rule, value = "") {
    return {
      value,
      validate: function (v, opt) {
        return check(this, property, rule, v, opt);
      },
    };
  }

  /** The definition of a property that may be empty. */
  function optional(property, rule, value = "") {
    return {
      value,
      validate: function (v, opt) {
        return checkOptional(this, property, rule, v, opt);
      },
    };
  }

  return { reason, check, checkOptional, required, optional };
});
