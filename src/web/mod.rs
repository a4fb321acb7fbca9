//! The merchant portal and the operator's console over HTTP: routes, JSON, OpenAPI and pages, and no rule of their own.
