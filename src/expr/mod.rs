//! The expression language of scenario files: `${ amount(1.00, 500.00) }`, `code == '00' && amount == request.amount`.

