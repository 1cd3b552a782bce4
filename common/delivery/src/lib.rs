//! What every delivery agent does: take a request, mark recipients done, report.
