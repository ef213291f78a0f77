// Shows /v1/openapi.json. Everything comes from this origin; nothing is sent elsewhere.
/* global SwaggerUIBundle */
SwaggerUIBundle({
	url: "/v1/openapi.json",
	dom_id: "#api",
	deepLinking: true,
	docExpansion: "list",
	defaultModelsExpandDepth: 0,
	displayOperationId: false,
	displayRequestDuration: true,
	// An API key stays in memory, not in storage.
	persistAuthorization: false,
	// Its default is a service of swagger.io.
	validatorUrl: null,
	syntaxHighlight: { theme: "idea" },
});
