package dev.weft.component;

/** Fails a handler call: the caller is told the message, the component goes on. */
public final class HandlerException extends Exception {
    private static final long serialVersionUID = 1L;

    /**
     * A failed call.
     *
     * @param message what is wrong, what is allowed
     */
    public HandlerException(String message) {
        super(message);
    }
}
