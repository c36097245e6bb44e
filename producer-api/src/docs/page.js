// Where callers need a token, so does the document: it is asked for once and kept by the page alone.
const show = (token) => {
  window.SwaggerUIBundle({
    url: '/openapi.json',
    dom_id: '#docs',
    deepLinking: true,
    validatorUrl: null,
    requestInterceptor: (request) => {
      if (token) request.headers.Authorization = `Bearer ${token}`;
      return request;
    },
  });
};

const answer = await fetch('/openapi.json');
show(answer.status === 401 ? window.prompt('Token for this API') : null);
