// The page of the API's documentation: Swagger UI over this server's own document, in the theme of the dashboard.
(() => {
  const dark = document.documentElement.getAttribute("data-bs-theme") === "dark";
  document.documentElement.classList.toggle("dark-mode", dark);
  window.SwaggerUIBundle({
    url: "/api/openapi.json",
    dom_id: "#api-docs",
    deepLinking: true,
    displayRequestDuration: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    validatorUrl: null, // no address outside this machine is asked
  });
})();
