// Gives answers of a host to the node, and to the test of its credential: `answers.cjs PACKAGE`, once the package is built.
const assert = require('node:assert');
const path = require('node:path');

const dist = (file) => require(path.resolve(process.argv[2], 'dist', file));
const { CodaFootprint } = dist('nodes/CodaFootprint/CodaFootprint.node.js');
const { CodaFootprintHostApi } = dist('credentials/CodaFootprintHostApi.credentials.js');

const { description } = new CodaFootprint();
const operation = description.properties.find((property) => property.name === 'operation');
const [postReceive] = operation.routing.output.postReceive;
const node = { getNode: () => ({ name: 'node', type: 'codaFootprint', parameters: {} }) };
const give = (body) => postReceive.call(node, [{ json: body }], { body, headers: {}, statusCode: 200 });

const failed = {
	returnData: 'Failed',
	error: 'List Devices failed.',
	errorDetails: { cause: 'It is not there.', cure: 'Look elsewhere.' },
};
const running = { returnData: 'Running', error: '', message: 'It goes on as run 7.', followToken: 'abc' };

async function main() {
	const successful = { returnData: 'Successful', error: '', contextData: [], warnings: [] };
	assert.deepStrictEqual(await give(successful), [{ json: successful }]);
	const error = { name: 'NodeApiError' };
	await assert.rejects(give(failed), { ...error, message: failed.error, description: /Look elsewhere\.$/ });
	await assert.rejects(give(running), { ...error, message: running.message, description: /Follow = abc\./ });

	const { rules, request } = new CodaFootprintHostApi().test;
	assert.deepStrictEqual([rules[0].properties.key, rules[0].properties.value], ['returnData', 'Failed']);
	assert.deepStrictEqual(request.body.CommandParams, description.requestDefaults.body.CommandParams);

	const numbers = description.properties.filter((property) => property.type === 'number');
	assert.ok(numbers.length > 0 && numbers.every((property) => property.required && property.default === 0));
	console.log('the node fails for a command that was not successful');
}

main();
