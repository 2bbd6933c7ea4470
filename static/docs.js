/* Nothing is asked of anybody but this service: no validator, no fonts. */
SwaggerUIBundle({
	url: 'openapi.json',
	dom_id: '#docs',
	deepLinking: true,
	validatorUrl: null,
	presets: [SwaggerUIBundle.presets.apis],
	layout: 'BaseLayout',
});
