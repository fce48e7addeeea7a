// The rules of n8n's two linters for community nodes.
import parser from '@typescript-eslint/parser';
import community from '@n8n/eslint-plugin-community-nodes';
import base from 'eslint-plugin-n8n-nodes-base';

const plugin = community.n8nCommunityNodesPlugin ?? community;
const off = (names) => Object.fromEntries(names.map((name) => [`n8n-nodes-base/${name}`, 'off']));
const of = (folder, rules) => ({
  files: [`${folder}/**/*.ts`],
  languageOptions: { parser },
  plugins: { 'n8n-nodes-base': base },
  rules,
});

export default [
  { ...plugin.configs.recommended, files: ['**/*.ts'], languageOptions: { parser } },
  of('nodes', {
    ...base.configs.nodes.rules,
    // They want the text 'main', and the type of n8n-workflow is NodeConnectionTypes.Main.
    ...off(['node-class-description-inputs-wrong-regular-node', 'node-class-description-outputs-wrong']),
  }),
  of('credentials', {
    ...base.configs.credentials.rules,
    // It is for n8n's own nodes, whose documentation is named by one word.
    ...off(['cred-class-field-documentation-url-miscased']),
  }),
];
