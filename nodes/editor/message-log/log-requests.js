// Runs in the editor: asks the runtime, and says in words why it got no answer.
export function createRequests($, RED, { _ }) {
  let store;
  const may = (right) => RED.user.hasPermission("cp-is.messages." + right);
  /** Asked under another address by those who may see what answers were. */
  const twofold = ["messages", "conversation", "overview", "export"];

  function problemOf(xhr) {
    const { code, message, advice } = xhr.responseJSON || {};
    if (xhr.status === 401 || xhr.status === 403) {
      return code ? { code, message, advice } : { message: _("problem.noPermission") };
    }
    if (code) return { code, message, advice };
    return { message: xhr.status === 0 ? _("problem.noConnection") : _("problem.noAnswer") };
  }

  /** The body says what is wanted, so that no address does. Rejects with `{ message, code?, advice? }`. */
  function post(path, body, dataType) {
    return new Promise((resolve, reject) => {
      $.ajax({
        url: "cp-is/message-log/" + (twofold.includes(path) && may("answers") ? "answers/" : "") + path,
        type: "POST",
        contentType: "application/json",
        dataType: dataType || "json",
        data: JSON.stringify({ ...(store === undefined ? {} : { store }), ...body }),
      })
        .done((answer) => resolve(answer))
        .fail((xhr) => reject(problemOf(xhr)));
    });
  }

  return {
    post,
    chooseStore(key) {
      store = key;
    },
    may,
  };
}
