// A rule for the linter: `!` says of an index or a key that it lies within its table, and nothing else.
const nonNullAfterAnIndex = {
  create: context => ({
    TSNonNullExpression(node) {
      if (node.expression.type === 'MemberExpression') return
      context.report({
        node,
        message: '`!` may stand after an index alone: say what holds if the value is not there',
      })
    },
  }),
}

export default { meta: { name: 'prehend' }, rules: { 'non-null-after-an-index': nonNullAfterAnIndex } }
